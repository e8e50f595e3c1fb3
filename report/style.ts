/** Style of the report: readable at any width, on paper too. */
export const style = `
:root { --ink: #1a1a1a; --soft: #595959; --line: #d9d9d9; --tint: #f5f6f7; --accent: #0b5cad; --warn: #a33c00; --bad: #b00020; --good: #1b6e3c; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, 'Segoe UI', Verdana, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.7rem; margin: 0 0 2px; } h2 { font-size: 1.25rem; margin: 44px 0 10px; padding-bottom: 4px; border-bottom: 2px solid var(--ink); }
h3 { font-size: 1rem; margin: 26px 0 6px; } p { margin: 6px 0; max-width: 75ch; } a { color: var(--accent); }
nav { margin: 14px 0 0; } nav a { margin-right: 16px; white-space: nowrap; }
.soft { color: var(--soft); } .small { font-size: .87rem; }
.banner { border: 2px solid var(--warn); background: #fff1e6; color: var(--warn); font-weight: 600; padding: 10px 14px; margin: 16px 0; }
.failed { color: var(--bad); font-weight: 600; } .ok { color: var(--good); font-weight: 600; }
pre { background: var(--tint); padding: 10px 12px; overflow-x: auto; font-size: .85rem; white-space: pre-wrap; }
code { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: .9em; }
figure { margin: 14px 0 30px; } figure img { width: 100%; height: auto; border: 1px solid var(--line); } figcaption { color: var(--soft); font-size: .87rem; margin-top: 4px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .87rem; margin: 8px 0; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { border-bottom: 1.5px solid var(--ink); white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: 6px 0; } summary { cursor: pointer; }
@media print { nav { display: none; } figure, table { break-inside: avoid; } details:not([open]) { display: none; } }
`;
