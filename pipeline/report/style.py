"""The look of the page: system fonts, two palettes, one column on a phone."""

from __future__ import annotations

from pipeline.report.markup import Html

# The panels' colours are Okabe and Ito's, which people with any kind of colour vision can tell apart
# (Source: jfly.uni-koeln.de/color), darkened on white and lightened on black until letters can be read on them.
STYLE = Html("""
:root { color-scheme: light dark; --paper: #fcfcfb; --ink: #1d1f21; --soft: #5f6368; --line: #dcdcd7; --card: #fff;
  --kept: #3b6ea5; --lost: #c8553d; --s0: #a9bfd6; --s1: #3b6ea5; --link: #245a94;
  --c0: #0068a8; --c1: #b44f00; --c2: #00795a; --c3: #a04a80; --c4: #8a6d00; --c5: #2f7fae; --wash: 14%; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181a; --ink: #e3e3e0; --soft: #a0a4a8; --line: #34383c;
  --card: #1d2022; --kept: #6f9fd0; --lost: #e0765f; --s0: #41566c; --s1: #79a8d8; --link: #8fbbe8;
  --c0: #4fb0ea; --c1: #f08a3c; --c2: #35c49b; --c3: #dd92bd; --c4: #d8b93a; --c5: #8ccdf0; --wash: 22%; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 3rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; max-width: 46rem; }
.lead, .soft, .credit, .chart figcaption, caption { color: var(--soft); }
a { color: var(--link); }
code { font: .86em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.id { white-space: nowrap; }
nav { margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; }
dl.key { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 1.5rem 0 0;
  background: var(--line); border: 1px solid var(--line); }
dl.key div { background: var(--card); padding: .6rem .8rem; display: flex; flex-direction: column-reverse;
  justify-content: flex-end; }
dl.key dt { color: var(--soft); font-size: .82rem; line-height: 1.3; }
dl.key dd { margin: 0; font-size: 1.4rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .28rem 1.1rem .28rem 0; border-top: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; border-top: 0; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
.flow table, .reasons table { width: 100%; }
.flow table { table-layout: fixed; min-width: 40rem; }
.flow th:nth-child(1) { width: 6.5rem; } .flow .n { width: 7.5rem; } .flow th:nth-child(3) { width: 38%; }
.bar { display: block; width: 100%; min-width: 6rem; height: .8rem; margin-top: .3rem; }
.kept { fill: var(--kept); } .lost { fill: var(--lost); }
.lost-text { color: var(--lost); }
.reasons td { min-width: 9rem; } .reasons td.n { min-width: 0; }
.reasons ul { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere; min-width: 15rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.25rem 2rem; }
.charts + .charts { margin-top: 1.25rem; }
figure { margin: 0; }
.chart figcaption { font-size: .85rem; margin-bottom: .35rem; } .chart b { color: var(--ink); font-weight: 600; }
.chart svg { display: block; width: 100%; max-width: 32rem; height: auto; }
.chart text { font: 10.5px system-ui, "Liberation Sans", sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: .7; } .axis { stroke: var(--soft); stroke-width: .8; }
.s0 { fill: var(--s1); } .s1 { fill: var(--s0); }
.key.k0 { background: var(--s1); } .key.k1 { background: var(--s0); }
.legend { margin-left: .7rem; white-space: nowrap; }
i.key { display: inline-block; width: .7rem; height: .7rem; margin-right: .3rem; }
.cards { columns: 21rem; column-gap: 1.25rem; margin-top: 1rem; }
.card { break-inside: avoid; margin: 0 0 1.25rem; background: var(--card); border: 1px solid var(--line); }
.pic { background: #fff; text-align: center; border-bottom: 1px solid var(--line); padding: 6px; }
.frame { position: relative; display: inline-block; vertical-align: top; max-width: 100%; }
.frame img { display: block; max-width: 100%; height: auto; }
.box { position: absolute; border: 2px solid var(--edge); }
.box b { position: absolute; left: -2px; top: -2px; padding: 0 .3rem; color: #fff; background: var(--edge);
  font-size: .75rem; line-height: 1.15rem; }
.box.c0 { --edge: #0068a8; } .box.c1 { --edge: #b44f00; } .box.c2 { --edge: #00795a; }
.box.c3 { --edge: #a04a80; } .box.c4 { --edge: #8a6d00; } .box.c5 { --edge: #2f7fae; }
.box.true { border: 2px dashed #111; outline: 1px dashed #fff; }
.card figcaption { padding: .6rem .75rem .7rem; font-size: .86rem; line-height: 1.45; overflow-wrap: anywhere; }
.cap { max-height: 15rem; overflow-y: auto; margin: .35rem 0; white-space: pre-line; }
.what { color: var(--soft); font-size: .8rem; } .what code { color: var(--ink); }
.credit { font-size: .76rem; line-height: 1.4; margin: 0; } .rights { display: block; }
mark { color: inherit; background: color-mix(in srgb, var(--tint, var(--soft)) var(--wash), transparent);
  box-shadow: 0 1.5px 0 var(--tint, var(--soft)); }
mark sub { font-weight: 600; font-size: .68em; padding: 0 .15em; color: var(--tint, var(--soft)); }
mark.c0 { --tint: var(--c0); } mark.c1 { --tint: var(--c1); } mark.c2 { --tint: var(--c2); }
mark.c3 { --tint: var(--c3); } mark.c4 { --tint: var(--c4); } mark.c5 { --tint: var(--c5); }
u { text-decoration: underline dotted var(--soft); text-underline-offset: .2em; }
.none { padding: 2rem; color: var(--soft); }
details pre { overflow-x: auto; font-size: .8rem; line-height: 1.4; }
summary { cursor: pointer; }
@media (max-width: 40rem) { body { padding: 1.25rem .9rem 3rem; font-size: 14px; }
  dl.key { grid-template-columns: repeat(2, 1fr); } .cards { columns: 1; }
  .flow table, .reasons table { display: block; min-width: 0; } .flow thead, .reasons thead { display: none; }
  .flow caption, .reasons tbody, .flow tbody { display: block; }
  .flow tbody tr { display: grid; grid-template-columns: 1fr auto auto; column-gap: .8rem; }
  .flow tbody tr > * { width: auto; padding: .1rem 0; border: 0; } .flow tbody .n { width: auto; }
  .flow tbody tr { border-top: 1px solid var(--line); padding: .25rem 0; }
  .flow td:nth-child(3), .flow td:nth-child(5) { grid-column: 1 / -1; } .flow td:nth-child(3) { order: 1; }
  .flow td:nth-child(5) { order: 2; color: var(--soft); }
  .flow td:nth-child(2)::before { content: "in "; } .flow td:nth-child(4)::before { content: "kept "; }
  .reasons tbody tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; }
  .reasons tbody tr > * { display: inline; border: 0; padding: 0 .6rem 0 0; }
  .reasons td:nth-child(n+4) { display: block; } }
@media print { .card, .chart, tr { break-inside: avoid; } .cap { max-height: none; } }
""")
