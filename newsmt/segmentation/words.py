"""German words that decide whether a full stop ends a sentence."""

from __future__ import annotations

__all__ = [
    "BEFORE_FIGURE",
    "CLAUSE_OPENERS",
    "DETERMINERS",
    "ENDING",
    "LETTER_NOUNS",
    "MIDDLE",
    "MONTHS",
    "NAMES_WITH_MARK",
    "NEVER_ENDING",
    "ORDINAL_NOUNS",
    "STARTERS",
    "TITLES_OF_PAPERS",
]

# Every word here is written small unless it begins a sentence, so a capital shows that one begins.
STARTERS = frozenset(
    word.capitalize()
    for word in """
    der die das dem den des ein eine einem einen einer eines kein keine keinem keinen keiner keines keinerlei dieser
    diese dieses diesem diesen jener jene jenes jenem jenen jeder jede jedes jedem jeden jedwede welcher welche
    welches welchem welchen mancher manche manches manchem manchen solcher solche solches solchem solchen derselbe
    dieselbe dasselbe denselben demselben desselben dieselben derjenige diejenige dasjenige diejenigen denjenigen
    derselben derjenigen derlei derartige derartiges derartigen dergleichen dies ich du er sie es wir ihr mich dich
    ihn uns euch mir dir ihm ihnen man jemand niemand nichts etwas alles beide beiden beides einige einigen einiges
    einigem einiger etliche mehrere mehreren viele vielen vieles viel wenige wenigen weniges wenig weniger alle
    allen allem aller sämtliche jeglicher jegliche andere anderer anderes anderen anders selbst selber irgendetwas
    irgendjemand irgendwann irgendwie irgendwo jedermann keins mein meine meinem meinen meiner meines dein deine
    deinem deinen deiner deines sein seine seinem seinen seiner seines ihre ihrem ihren ihrer ihres unser unsere
    unserem unseren unserer unseres eure eurem euren eurer wer wen wem wessen was wann warum wieso weshalb weswegen
    wie wo woher wohin womit wobei wofür wogegen worauf woraus worin worüber wovon wozu wonach wodurch woran worum
    wovor inwiefern inwieweit dessen deren denen und oder aber denn sondern doch jedoch sowie sowohl weder entweder
    noch zwar als dass weil wenn falls ob obwohl obgleich obschon obzwar sobald solange soweit sofern soviel sooft
    während nachdem bevor ehe bis seit seitdem da damit indem sodass wohingegen wiewohl gleichwohl wenngleich zumal
    ab abseits abzüglich an am angesichts anhand anlässlich anstatt anstelle auf aufgrund aus ausgenommen außer
    außerhalb bei beim bezüglich binnen dank diesseits durch durchs einschließlich entgegen entlang entsprechend für
    fürs gegen gegenüber gemäß hinsichtlich hinter im in infolge inklusive inmitten innerhalb ins jenseits längs
    laut mangels mit mithilfe mittels nach nahe namens neben nebst ohne per pro rund seitens statt trotz über übers
    um ums ungeachtet unter unterhalb unweit vom von vor vorbehaltlich wegen wider zu zufolge zugunsten zulasten zum
    zur zuzüglich zwecks zwischen oberhalb via abends abermals abschließend absolut ähnlich ähnliche ähnliches
    ähnlichen allein alleine allenfalls allerdings allerorten allgemein allmählich also alsbald alternativ
    anderenfalls andernfalls anderenorts andernorts anderseits andererseits anfangs angeblich angefangen anscheinend
    anschließend ansonsten apropos auch augenscheinlich ausdrücklich ausgerechnet ausnahmsweise ausschließlich außen
    außerdem äußerlich äußerst bald bedauerlicherweise beinahe beispielsweise bekanntermaßen bekanntlich
    bemerkenswert bemerkenswerterweise besonders besser bestenfalls bestimmt beziehungsweise bezeichnend
    bezeichnenderweise bislang bisher bisweilen bitte bloß dabei dadurch dafür dagegen daher dahin dahinter damals
    danach daneben dann daran darauf daraufhin daraus darin darüber darum darunter davon davor dazu dazwischen
    demgegenüber demgemäß demnach demnächst demzufolge dennoch derart derzeit derweil deshalb desto deswegen
    deutlich diesbezüglich diesmal direkt dort dorther dorthin draußen dreimal drinnen drüben durchaus
    durchschnittlich eben ebenfalls ebenso ebensowenig eher ehedem ehrlich eigens eigentlich eilig einerseits
    einfach eingangs einigermaßen einmal einst einstweilen einzig endlich entscheidend erfahrungsgemäß erfreulich
    erfreulicherweise erneut ernsthaft erst erstens erstmal erstmals etwa eventuell fast ferner fest folglich fortan
    freilich früher frühestens ganz gar gänzlich geradezu gelegentlich gemeinsam genau genauso genug gerade gern
    gerne gestern gewiss gewissermaßen gewöhnlich glatt gleich gleichermaßen gleichfalls gleichsam gleichzeitig
    glücklicherweise gottlob grundsätzlich größtenteils halb hauptsächlich heute heutzutage her hernach heuer hier
    hierauf hierbei hierdurch hierfür hiergegen hierin hiermit hierüber hiervon hierzu hierzulande hin hingegen
    hinten hinterher historisch hoch hoffentlich höchst höchstens immer immerhin immerzu indes indessen
    infolgedessen insbesondere insgesamt insofern insoweit inzwischen irgend ja jahrelang jahrzehntelang je
    jedenfalls jederzeit jemals jetzt jüngst kaum keinesfalls keineswegs klar konkret kritisch künftig kurz
    kurzerhand kurzfristig kürzlich lange längst langfristig langsam lediglich leicht leider letztendlich letztens
    letztlich lieber manchmal mancherorts maximal mehr mehrfach mehrmals meist meistens merkwürdigerweise minimal
    mindestens mithin mitten mittlerweile mitunter möglich möglicherweise momentan morgen morgens nachfolgend
    nachher nachmittags nachts nächstens nah näher nämlich natürlich nebenan nebenbei nein neu neuerdings neulich
    nicht nichtsdestotrotz nichtsdestoweniger nie niemals nirgends nirgendwo nochmals nominell normalerweise
    notfalls nun nunmehr nur oben obendrein offenbar offenkundig offensichtlich offiziell oft oftmals ohnehin okay
    parallel plötzlich politisch praktisch prinzipiell prompt quasi rechtlich rechts links regelmäßig relativ
    richtig ringsum rückblickend ruhig rundum samstags sonntags schade schätzungsweise scheinbar schlicht
    schlichtweg schließlich schlimm schlimmer schlimmstenfalls schnell schon schwer sehr seinerseits seinerzeit
    seither selbstredend selbstverständlich selten seltsam seltsamerweise sicher sicherlich so sodann sofort sogar
    sogleich somit sonst soeben sowieso sozusagen spät später spätestens statistisch stattdessen stets still
    stundenlang tagelang tagsüber tatsächlich teils teilweise theoretisch trotzdem überall überdies überhaupt
    überraschend überraschenderweise übrigens umgekehrt umso umsonst unabhängig ungefähr ungewöhnlich unklar
    unlängst unten unterdessen unterwegs ursprünglich verglichen vergangene vergangenen vergebens
    verständlicherweise vermutlich vielerorts vielfach vielleicht vielmehr völlig voraussichtlich vorab voran vorbei
    vorerst vorgestern vorher vorhin vorläufig vormals vormittags vorn vorne vornehmlich vorsichtshalber
    vorübergehend vorwiegend wahrhaft wahrlich wahrscheinlich weit weiter weiterhin weitere weiteren weiteres
    weitgehend wenigstens werktags wesentlich wieder wiederum wirklich wirtschaftlich wochenlang woanders wohl
    wohlgemerkt womöglich zeitgleich zeitweise ziemlich zudem zuerst zufällig zugegeben zugegebenermaßen zugleich
    zuletzt zumeist zumindest zunächst zurück zurzeit zusammen zusätzlich zuvor zuweilen zwangsläufig zweifellos
    zweifelsohne zweimal zweitens drittens viertens fünftens demonstrativ dienstags mittwochs donnerstags freitags
    bin ist sind war wäre wären sei seien wird werden wurde wurden würde würden hat haben hatte hatten hätte hätten
    kann können konnte konnten könnte könnten muss müssen musste mussten müsste müssten soll sollen sollte sollten
    will wollen wollte wollten darf dürfen durfte dürfte dürften mag mögen möchte möchten bleibt bleiben blieb gibt
    gab gäbe geht ging gehen kommt kam kommen steht stehen liegt lag machen machte lässt lassen ließ sagt sagte
    heißt hieß zeigt zeigte gilt galt scheint schien wusste denkt glaubt glauben sieht sah stimmt sehen nehmen
    braucht brauchen fehlt gut gute guter gutes schlecht wichtig wichtiger wichtigste jüngere ältere zwei drei vier
    fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn zwanzig dreißig vierzig fünfzig hundert
    hunderte tausende dutzende zahlreiche zahlreichen zahllose unzählige verschiedene diverse sonstige aktuelle
    aktuellen aktuell jüngste jüngsten letzte letzten letzter letztes nächste nächsten nächster nächstes erste
    ersten erster erstes zweite zweiter zweites dritte dritter einzelne einzelnen besondere besonderes besonderen
    folgende folgenden gleiche eigene eigenen gewisse ach oh ah na hm tja hallo mensch danke hierhin
    """.split()
)

# Capitalised articles that are part of a name, so they show no new sentence after "u. a.".
TITLES_OF_PAPERS = frozenset("Linke Linken Grünen Zeit Welt Spiegel Erste PARTEI Presse Standard".split())

MONTHS = frozenset(
    """
    Januar Jänner Februar Feber März April Mai Juni Juno Juli August September Oktober November Dezember Jan Feb Mär
    Mrz Apr Jun Jul Aug Sep Sept Okt Nov Dez
    """.split()
)

# Abbreviations that need what follows them; a sentence never ends there.
NEVER_ENDING = frozenset(
    """
    Abg abzgl allg amer amerik amtl angebl anschl approx arab Arch Arge Aufl ausschl bayer bayr bes betr Betriebsw
    Bgdr Bgm bspw Buchst bzw ca Ca Capt Ch Chr christl Col Cpt Dekan. derz Dipl Doz Dpl Dr dt dtsch durchschn ehem
    eigtl einschl em engl entspr ersch erstm europ ev evang event evt evtl Evtl excl exkl Fa Fam fortl Fr franz Frhr
    Frl frz Ft Gde geb Gebr gegenw gegr gem Gen Ges gest gez Gf ggf Ggf ggfs Gov griech habil Hbm hebr Herausg hist
    Hl hl HptFw Hptm Hr Hrn Hrsg hrsg Hz höchstw incl Ing Inh inkl insb insbes insg Inst internat ital jap jew
    jeweil Jh. Joh Jos jur jährl jüd Kapt kath Kdr kgl Kgl Kl Kpt landw lat Lt lt luth Mag Maj math max med Messrs
    milit Min-Präs mind Ministerpräs Mlle Mme monatl Mr Mrs Ms Msgr Mt mtl mult männl mündl Nachf nachm nat niederl
    norw Nto nördl Obst oec Ofw Olt Pfr Ph phil pol polit poln port pp Pr preuß Priv Prof prot Präs Pst psych rd
    Rechtsanw Rep rer resp Rev russ röm Sal Sankt schles schott schriftl schwed schweiz schätzungsw Seb serb sg Sgt
    slow sog sogen soz span Sra St staatl stat Stat Ste stellv Stellv Stfw stud Stv stv städt svw sächs südl techn
    teilw tel tgl Th theol Tsch tschech tägl türk Uffz umg ungar Univ urspr verantw verh vermutl versch verst verw
    Verw vgl Vgl Volksw vollst voraussichtl vorl vorm vs wahrsch weibl westf westl wg wirtsch wiss Wm wöch wöchentl
    württ zahlr zool zul zus zw zzgl zzt öffentl ökon österr östl übl
    """.split()
)

# Abbreviations only before a figure ("Art. 5", "S. 12", "So., 3. Mai"); otherwise words, initials or ends of sentences.
BEFORE_FIGURE = frozenset(
    """
    Nr Nrn No Nos Art Abs Abschn S Z Ziff Rn Rdnr Rz Kap Bd Bde Tel Fax Mobil Fig Abb Anm Tab Anl Anh Par Abt Az Bl
    Blg Bek Bsp Pos Lfd Mo Di Mi Do Fr Sa So Jan Feb Mär Mrz Apr Jun Jul Aug Sep Sept Okt Nov Dez Jh Jg Jgg Jhg Min
    Str Pl PLZ Verf Vers Vol Ver Version Hausnr Postf Tf Ord Op op Dok Drs
    """.split()
)

# Abbreviations and units that can stand within a sentence or end one: they end it before a STARTER only.
MIDDLE = frozenset(
    """
    Mio Mill Mrd Md Mia Bio Brd Tsd Tds Std Stdn Sek Min Mon Wo Jhdt Jhd Jh Jg Sg Co Jr Bros jr jun sen sr Cie Kg
    Stk Stck Pkt Pf Ztr Fl Dtz Pers Qu Str str Pl Bhf Hbf Flgh Bez Reg Verl Zt Kfm kfm Abt Red Tgl Mag Lit Aug Okt
    Dez Sept Nov Feb Ausg Nr Abs Kap Bd Anm Abb Ziff Tel Geb EUR Eur Doll Proz Forts Schr Prot Kto Bln Hbg Mchn Ffm
    Oldb Westf Thür Schl Holst Dir min al Sr Sen Gov Lkr Kr Bl Art. Verb Mitw Arb Ges ggü Wdh Tr Jgst Bj Mwst Einw
    Ew Vol Bearb Übers Uhr.
    """.split()
)

# Abbreviations after which a capital begins a new sentence.
ENDING = frozenset("usw usf etc ff f dgl desgl et.al al ppa mbH dergl uvm uva".split())

# Abbreviations of several letters, blanks left out: what they are like.
DOTTED_NEVER = frozenset(
    """
    z.b z.bsp d.h d.i m.a.w u.u u.zw u.z i.d.r i.a i.d.s i.s.d i.s.v i.s i.h.v i.v.m i.v z.hd z.h z.t z.zt z.z zt
    o.g u.g s.o s.u m.e m.w n.a b.a v.a v.d a.d.l v.l n.r u.d m.d o.ä.m h.c dr.h.c i.e e.g b.z.w s.g a.m.d gg.s i.g
    i.allg i.allgem i.w i.w.s i.e.s i.z.m i.bes z.s z.gr.t u.d.t d.s d.j v.h Inc Corp Ltd Plc
    """.split()
)
DOTTED_ENDING = frozenset(
    "e.v u.v.m u.v.a.m u.a.m u.dgl u.s.w u.s.f u.dgl.m o.dgl u.ä.m v.chr n.chr v.u.z n.u.z d.j d.ä d.gr d.m".split()
)

DOTTED_MIDDLE = frozenset(
    """
    u.a u.ä o.ä a.d i.r a.g p.a p.m a.m u.s u.s.a u.k d.c l.a n.y u.n a.a.o a.o a.d.ö k.o o.k s.a b.v k.d.ö.r d.red
    anm.d.red m.b.h ges.m.b.h i.b i.t a.k.a j.r v.i.p p.s n.n g.m.b.h i.l v.v
    """.split()
)

# Before a figure with a full stop: the figure is an ordinal ("am 5.", "der 1.", "zum 150.").
DETERMINERS = frozenset(
    """
    am im vom zum zur beim der die das den dem des ein eine einem einen einer eines dieser diese dieses diesem
    diesen jeder jede jedes jedem jeden mein meine meinem meinen meiner dein sein seine seinem seinen seiner seines
    ihr ihre ihrem ihren ihrer ihres unser unsere unserem unseren unserer euer ins ans aufs fürs durchs ums montag
    dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
    """.split()
)

# After an ordinal, whatever stands before it.
ORDINAL_NOUNS = frozenset(
    """
    Advent Amtszeit Arrondissement Auflage Auswärtssieg Bezirksliga Breitengrad Bundesliga Bundesligaspiel
    Bundesligen Bundesversammlung Etage Etappe Etappensieg FC FCK FCM FCN FFC FSV Frauen-Bundesliga Geburtstag
    Geburtstage Geburtstages Geburtstags Grades Halbjahr Halbjahres Halbjahrs Halbzeit Handball-Bundesliga Heimsieg
    Hochzeitstag Jahrestag Jahrestages Jahrestags Jahrgang Jahrgangsstufe Jahrhundert Jahrhunderte Jahrhunderten
    Jahrhunderts Jahrtausend Jahrtausends Jh Jhdt Kalenderwoche Karrieretitel Klasse Klassen Klässler Klässlern
    Kreisliga Lebensjahr Lebensjahres Lebensjahrs Legislaturperiode Liga Ligaspiel Ligen Länderspiel Längengrad Mal
    Minute Minuten Monatsgehalt Niederlage OG Obergeschoss Pflichtspiel Platz Platzes Quartal Quartals Rang
    Regionalliga Runde Runden SC SSW SV Saisonsieg Saisontor Saisontreffer Schwangerschaftswoche Sieg Sinfonie
    Spielminute Spieltag Spieltagen Spieltages Spieltags Startplatz Stock Stocks Stockwerk Strafkammer Strafsenat
    Symphonie TSV Titel Todestag Uhr Verfassungszusatz Verhandlungstag VfL Wahlgang Wahlperiode Weltkrieg
    Weltkrieges Weltkriegs Zivilsenat Zusatzartikel
    """.split()
)

# "Plan B.", "Vitamin C.": the letter after these is no initial.
LETTER_NOUNS = frozenset(
    """
    Vitamin Plan Gruppe Gruppen Hepatitis Typ Klasse Punkt Fall Variante Serie Teil Team Block Halle Gate Liga Note
    Stufe Option Lösung Kategorie Version Buchstabe Buchstaben Influenza Linie Wohnung Haus Eingang Fraktion Tor
    Phase Ziel Grad
    """.split()
)

# Names that end in a mark of their own.
NAMES_WITH_MARK = frozenset(
    {"Yahoo!", "Jeopardy!", "Joop!", "JOOP!", "Wham!", "Hello!", "Ups!", "P!", "Panic!", "Hallo!", "OK!"}
)

# A segment too long for the model may be cut before these.
CLAUSE_OPENERS = (
    "und", "oder", "sowie", "aber", "denn", "sondern", "doch", "jedoch", "weil", "dass", "wenn", "während", "damit",
    "obwohl", "nachdem", "bevor", "bis", "als", "wie", "wobei", "wodurch", "indem", "falls", "sodass",
)  # fmt: skip

# "am Sa. Premiere": weekdays, which are words or syllables elsewhere.
WEEKDAYS = frozenset("Mo Di Mi Do Fr Sa So".split())
BEFORE_WEEKDAYS = frozenset("am ab bis vom von jeden und – -".split())

# "Goethestr.", "sozialversicherungspfl.": shortened words of any length.
SHORTENED_ENDINGS = ("str", "pfl")

DOTTED = DOTTED_NEVER | DOTTED_ENDING | DOTTED_MIDDLE
LONG = frozenset(word for word in NEVER_ENDING | MIDDLE | ENDING if len(word) > 5)

# Names written small even where a sentence begins.
SMALL_NAMES = frozenset("adidas trivago taz congstar dpa n-tv dm ebay simyo tesa hvv kicker".split())

# STARTERS that are surnames too, so that they show no new sentence after an initial.
SURNAMES = frozenset(
    """
    Lange Kurz Gut Stark Bald Früh Fest Frisch Ganz Fast Still Kraft Gerade Rund Schade Ruhig Schnell Weit Wohl
    Morgen Laut Viel Leicht Bitte Dank Trotz Klar Lieber Richter Schon Recht Gern Schwer Halb Drei Acht Zehn Man
    """.split()
)

UNITS = frozenset(
    "m km cm mm g kg t l ha h s km/h m² km² m³ qm °C C F kW kWh MWh GWh TWh MW GW V W Hz GB MB TB PS".split()
)

# "Der bereits 3. Versuch": between the article and its ordinal.
ADVERBS_BEFORE_ORDINALS = frozenset(
    "bereits schon erst inzwischen insgesamt nunmehr mittlerweile nun jetzt damit".split()
)

FINITE_VERBS = frozenset(
    """
    ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können konnte konnten soll sollen sollte
    sollten will wollen muss müssen darf dürfen gibt gab kommt kam geht ging steht stand
    """.split()
)
