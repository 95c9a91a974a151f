"""The look of the pages: one style sheet inside each page, for light and dark, wide and narrow; nothing is fetched."""

from __future__ import annotations

from html import escape

__all__ = ["page_foot", "page_head"]

_STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --paper: #fff; --soft: #5a6470; --line: #d9dee4; --shade: #f4f6f8;
  --mark: #fff0b8; --mark-line: #b7791f; --link: #0b57a4; --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ec; --paper: #14181d; --soft: #9aa5b1; --line: #303842;
  --shade: #1c2229; --mark: #4a3a0a; --mark-line: #e0a83b; --link: #7db7f5; --good: #57c77a; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.25rem clamp(.75rem, 3vw, 2rem) 4rem; color: var(--text);
  background: var(--paper); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: .25rem 0; }
p { margin: 0; }
a { color: var(--link); }
.about { color: var(--soft); font-size: .875rem; margin-bottom: 1.25rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; padding: .6rem 0;
  border-top: 1px solid var(--line); }
.pair.headline div p { font-weight: 650; }
.label, .notes { grid-column: 1 / -1; font-size: .8125rem; color: var(--soft); }
.notes { color: var(--mark-line); padding-top: .2rem; }
.summary { background: var(--shade); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 1.25rem; }
.summary h2 { font-size: .8125rem; margin: 0 0 .25rem; color: var(--soft); }
.summary p + p { margin-top: .5rem; }
.side { display: none; color: var(--soft); font-size: .75rem; text-transform: uppercase; letter-spacing: .05em; }
mark { background: var(--mark); color: inherit; border-bottom: 2px solid var(--mark-line); }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td.done, td.kept, td.failed, td.skipped { white-space: nowrap; overflow-wrap: normal; }
th { text-align: left; font-weight: 600; color: var(--soft); position: sticky; top: 0; background: var(--paper); }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.done, .kept { color: var(--good); } .failed { color: var(--bad); font-weight: 600; } .skipped { color: var(--soft); }
.reason { color: var(--soft); font-size: .875rem; }
@media (max-width: 44rem) {
  .pair { grid-template-columns: 1fr; gap: .35rem; }
  .pair > div + div { padding-left: .75rem; border-left: 3px solid var(--line); }
  .summary { background: var(--shade); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 1.25rem; }
.summary h2 { font-size: .8125rem; margin: 0 0 .25rem; color: var(--soft); }
.summary p + p { margin-top: .5rem; }
.side { display: block; }
  thead { display: none; }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { display: inline; border: 0; padding: 0 .75rem 0 0; }
  td:first-child, td.reason { display: block; }
  td.number[data-name]:not(:empty)::after { content: " " attr(data-name); color: var(--soft); }
}
@media print { .pair { break-inside: avoid; } }
"""


def page_head(title: str) -> str:
    """A page up to its content."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def page_foot() -> str:
    """What ends a page."""
    return "</body>\n</html>\n"
