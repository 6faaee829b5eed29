/** The style of /docs, in the colours of the dashboard. */
export const pageStyle = `
:root { color-scheme: light dark; --paper: #f6f6f3; --card: #fff; --ink: #1d1d1b; --muted: #6b6a65; --edge: #e2e1db;
  --accent: #0f766e; --accent-soft: #dcefec; --warn: #b45309; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #121315; --card: #1a1c1f; --ink: #ececea; --muted: #96958f; --edge: #2b2e32;
    --accent: #4fd1bf; --accent-soft: #17332f; --warn: #f0a04b; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 2rem 1.5rem; font-size: 13px;
  border-right: 1px solid var(--edge); }
nav a { display: block; padding: 0.1rem 0; color: inherit; overflow-wrap: anywhere; }
nav b { display: block; margin-top: 1rem; color: var(--muted); font-weight: 600; }
nav .home { font-size: 18px; font-weight: 700; }
main { max-width: 58rem; padding: 1.5rem 2.5rem 6rem; min-width: 0; }
h1 small { color: var(--muted); font-weight: 400; }
h2 { margin: 3rem 0 0; }
h3 { margin: 0 0 0.4rem; font-size: 1rem; }
p { margin: 0.4rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
section { margin: 1rem 0; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; }
section:target { border-color: var(--accent); }
code, pre { font-family: ui-monospace, monospace; font-size: 0.87em; }
pre { margin: 0.75rem 0 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--paper); border-radius: 8px; }
table { width: 100%; margin: 0.5rem 0; border-collapse: collapse; }
td { padding: 0.3rem 0.75rem 0.3rem 0; border-top: 1px solid var(--edge); vertical-align: top; overflow-wrap: anywhere; }
td:first-child { width: 9rem; }
td:nth-child(2) { width: 12rem; }
.method { padding: 0.1rem 0.5rem; border-radius: 6px; background: var(--accent-soft); color: var(--accent); font-size: 12px; }
.quiet { color: var(--muted); font-size: 0.87em; }
.refused { color: var(--warn); }
.fine { color: var(--accent); }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--edge); }
  nav a { display: inline-block; margin-right: 0.75rem; }
  main { padding: 1rem; }
  td:first-child, td:nth-child(2) { width: auto; }
}
`;
