"""How the HTML report looks, by daylight and in the dark."""

STYLE = """
:root{--paper:#fff;--card:#fff;--edge:#d1d9e0;--code:#f6f8fa;--hit:#fff1d6;--link:#0969da}
@media (prefers-color-scheme:dark){
:root{--paper:#0d1117;--card:#11161d;--edge:#30363d;--code:#161b22;--hit:#3a2d12;--link:#4493f8}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--rt-ink);
font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif}
body{max-width:1180px;margin:0 auto;padding:28px 24px 48px}
header{border-bottom:1px solid var(--edge);padding-bottom:12px}
h1{font-size:26px;line-height:1.25;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:18px;margin:30px 0 10px}
h2 small{font-size:13px;font-weight:400;color:var(--rt-soft)}
h3{font-size:15px;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:4px 0}
a{color:var(--link)}
.counts{font-size:16px}
.outside{color:var(--rt-bad);font-weight:600;overflow-wrap:anywhere}
.listed{overflow-wrap:anywhere}
article:target{border-color:var(--link)}
.soft{color:var(--rt-soft)}
.badge{display:inline-block;margin-left:10px;padding:1px 9px;border:1px solid;border-radius:999px;
font-size:13px;font-weight:600;line-height:1.5;vertical-align:middle;white-space:nowrap}
.good{color:var(--rt-good);background:var(--rt-good-fill)}
.bad{color:var(--rt-bad);background:var(--rt-bad-fill)}
.warn{color:var(--rt-warn);background:var(--rt-warn-fill)}
.busy{color:var(--rt-busy);background:var(--rt-busy-fill)}
.calm{color:var(--rt-calm);background:var(--rt-calm-fill)}
article{border:1px solid var(--edge);border-left-width:4px;border-radius:8px;
background:var(--card);padding:12px 16px;margin:10px 0}
article.failure,article.error{border-left-color:var(--rt-bad)}
article.warning{border-left-color:var(--rt-warn)}
.why{white-space:pre-wrap;overflow-wrap:anywhere;font-weight:600}
.hint{color:var(--rt-busy);overflow-wrap:anywhere}
.frame{margin:8px 0;border:1px solid var(--edge);border-radius:6px;overflow:hidden}
.where{padding:3px 10px;font:12.5px/1.6 ui-monospace,'DejaVu Sans Mono',monospace;
color:var(--rt-soft);border-bottom:1px solid var(--edge);overflow-wrap:anywhere}
pre{margin:0;padding:6px 10px;background:var(--code);overflow:auto;
font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
pre i{font-style:normal;color:var(--rt-soft)}
.line{display:block}
.hit{background:var(--hit)}
.told{max-height:420px;border:1px solid var(--edge);border-radius:6px;white-space:pre-wrap;
overflow-wrap:anywhere}
details.log{margin-top:8px}
summary{cursor:pointer}
details.log summary{color:var(--rt-soft);font-size:13.5px}
details.log pre{margin-top:4px}
details.node{border:1px solid var(--edge);border-radius:8px;background:var(--card);margin:6px 0}
details.node:target{border-color:var(--link)}
details.node>summary{padding:7px 14px}
details.node .name{font-weight:600;overflow-wrap:anywhere}
details.node .badge{margin-right:10px}
.inside{padding:2px 16px 12px;border-top:1px solid var(--edge)}
.scroll{overflow:auto}
.scroll svg{display:block;max-width:100%;height:auto;margin:0 auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0;font-size:13.5px}
dt{color:var(--rt-soft)}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:8px 0;font-size:13.5px}
th{text-align:left;font-weight:600;color:var(--rt-soft)}
th,td{padding:4px 16px 4px 0;border-bottom:1px solid var(--edge);vertical-align:top}
td:last-child{width:100%;min-width:200px;overflow-wrap:anywhere}
.timeline{display:grid;grid-template-columns:fit-content(300px) 1fr max-content;gap:5px 12px;
align-items:center;font-size:13.5px}
.bar-row{display:contents}
.bar-name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;text-align:right}
.track{position:relative;height:16px;background:var(--code);border-radius:4px}
.bar{position:absolute;top:0;bottom:0;border-radius:4px;min-width:3px}
.timeline .bar{background:currentColor;opacity:.8}
.bar-time{color:var(--rt-soft);white-space:nowrap}
footer{margin-top:32px;padding-top:8px;border-top:1px solid var(--edge);color:var(--rt-soft)}
@media print{details.node{break-inside:avoid}.told{max-height:none}}
"""
