"""The style sheet of the HTML report, light and dark."""

__all__ = ["STYLE"]

STYLE = """
:root{--bg:#ffffff;--fg:#1c2127;--muted:#5b6570;--line:#d9dee4;--soft:#f4f6f8;--good:#0a6b3d;--good-bg:#dcf3e6;
--bad:#9c1c28;--bad-bg:#fbe3e4;--mark-ins:#cfe5ff;--mark-del:#ffe2b8;
--s0:#0b62c4;--s1:#c2410c;--s2:#0f766e;--s3:#9333ea;--s4:#a16207;--s5:#be185d;--s6:#4d7c0f;--s7:#475569}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--muted:#9aa5b1;--line:#343b44;--soft:#1d2228;
--good:#7be0a8;--good-bg:#123823;--bad:#ff9aa2;--bad-bg:#451a1f;--mark-ins:#173f6b;--mark-del:#5a3a0c;
--s0:#6cb2ff;--s1:#ff9d66;--s2:#4fd1c5;--s3:#c99bff;--s4:#e6bd4a;--s5:#ff8ab5;--s6:#a8d65c;--s7:#a7b4c4}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif}
main{max-width:1100px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:20px 0 6px}
.lead,.note,.notes{color:var(--muted)}.lead{margin:0}.notes{padding-left:18px;font-size:13.5px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:5px 12px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}
thead th{color:var(--muted);font-weight:600;vertical-align:bottom}
th[scope=row],thead th:first-child{text-align:left;font-weight:600;padding-left:4px}
td.best{font-weight:700}
td small,.remark{display:block;color:var(--muted);font-size:11.5px}
.matrices{display:flex;flex-wrap:wrap;gap:0 40px}.matrices .scroll{max-width:100%}
.matrix td{min-width:84px}.matrix td.none{color:var(--muted)}
.better{background:var(--good-bg);color:var(--good)}.worse{background:var(--bad-bg);color:var(--bad)}
.better small,.worse small{color:inherit}
span.better,span.worse{padding:1px 6px;border-radius:4px}
table.texts{width:100%;min-width:760px;table-layout:fixed}
table.texts th,table.texts td{white-space:normal;text-align:left;overflow-wrap:anywhere}
table.texts th:nth-child(-n+2),table.texts td:nth-child(-n+2){width:84px;text-align:right}
table.texts th:first-child,table.texts td:first-child{width:124px}
ins,del{text-decoration:none;border-radius:3px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
ins{background:var(--mark-ins)}del{background:var(--mark-del)}
.remark{color:var(--bad)}
details{margin:10px 0}summary{cursor:pointer;font-weight:600;padding:6px 0}
figure{margin:14px 0}.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:8px 24px}
.plots figure{margin:6px 0}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--fg);font-size:12px}svg .title{font-weight:600;font-size:13px}svg .tick,svg .axis{fill:var(--muted);
font-size:11px}svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg .grid{stroke:var(--line);stroke-width:1}svg .base{stroke:var(--muted)}svg .median{stroke:var(--fg);stroke-width:1.5;
stroke-dasharray:3 3}svg .bar{stroke-width:3;stroke-linecap:round;opacity:.55}
.s0{stroke:var(--s0);fill:var(--s0)}.s1{stroke:var(--s1);fill:var(--s1)}.s2{stroke:var(--s2);fill:var(--s2)}
.s3{stroke:var(--s3);fill:var(--s3)}.s4{stroke:var(--s4);fill:var(--s4)}.s5{stroke:var(--s5);fill:var(--s5)}
.s6{stroke:var(--s6);fill:var(--s6)}.s7{stroke:var(--s7);fill:var(--s7)}
svg .area{stroke:none;opacity:.8}svg .dot{stroke:none}
pre{background:var(--soft);padding:12px;border-radius:6px;white-space:pre-wrap;font-size:13px}
code{font-size:12.5px;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 8px}
@media print{details{display:block}.scroll{overflow:visible}}
"""
