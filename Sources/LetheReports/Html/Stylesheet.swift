/// The look of the page: system fonts, one column, colours that colour-blind readers can tell apart (Okabe and Ito), light and
/// dark, and paper.
enum Stylesheet {
    static let css: StaticString = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--wash:#f5f7f9;
        --original:#b8500a;--unlearned:#0067a8;--reference:#59636e;--band:#59636e24;--accept:#0067a81c;
        --good:#0b6e4f;--caution:#8a5a00;--bad:#b3261e;--neutral:#57606a}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#12161b;--ink:#e6eaee;--soft:#9aa5b1;--line:#2f3741;
        --wash:#1a2027;--original:#f09a5a;--unlearned:#62b5ee;--reference:#a3adb8;--band:#a3adb82e;--accept:#62b5ee26;
        --good:#4cc29a;--caution:#e0b04c;--bad:#f2857c;--neutral:#9aa5b1}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
        "Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums;
        overflow-wrap:break-word}
        main{max-width:1080px;margin:0 auto;padding:clamp(20px,4vw,48px) clamp(16px,4vw,40px) 64px}
        h1{font-size:clamp(1.6rem,4.2vw,2.4rem);line-height:1.18;letter-spacing:-.015em;font-weight:650;margin:.5rem 0 .9rem;
        max-width:24em;text-wrap:balance}
        h2{font-size:1.4rem;line-height:1.25;letter-spacing:-.01em;font-weight:650;margin:0 0 .5rem}
        h3{font-size:1rem;line-height:1.4;font-weight:650;margin:2.2rem 0 .6rem}
        p,ul{margin:0 0 1rem;max-width:44em}
        ul{padding-left:1.2em}
        li{margin-bottom:.4rem}
        section{margin-top:2.6rem;padding-top:2.2rem;border-top:1px solid var(--line)}
        .kicker,.lead,.second,caption,dt,th,.foot{color:var(--soft)}
        .kicker,.second,caption,dt,th,.foot,td,figcaption p,.facts dd,.reasons{font-size:.875rem}
        .kicker{margin:0}
        .good{--tone:var(--good)}.caution{--tone:var(--caution)}.bad{--tone:var(--bad)}.neutral{--tone:var(--neutral)}
        .verdict{border-left:6px solid var(--tone);padding-left:clamp(14px,2.5vw,28px)}
        .verdict .code{display:inline-block;margin:1.1rem 0 0;padding:.15rem .7rem;border:1.5px solid var(--tone);
        border-radius:99px;color:var(--tone);font-weight:650;font-size:.875rem;letter-spacing:.03em}
        .verdict .claim{font-size:1.0625rem;margin-bottom:.6rem}
        .reasons{margin:0;color:var(--soft)}
        .mark{color:var(--tone);font-weight:600;white-space:nowrap}
        code{font:.92em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
        .second{display:block;font-weight:400;line-height:1.4}
        .keys{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;margin:2.2rem 0;
        background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
        .keys div{background:var(--paper);padding:1rem 1.15rem}
        .keys dd{margin:0}
        .keys .value{font-size:1.5rem;line-height:1.3;font-weight:650;letter-spacing:-.01em}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));gap:1rem 1.5rem;margin:0 0 1rem}
        .facts dd{margin:0}.facts .second code,dd>code{font-size:.75rem}
        .tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:1rem 3.5rem}
        @media(min-width:700px){.wide{grid-column:span 2}}
        @media screen and (min-width:1060px){tbody th:has(>code){min-width:18.5rem}}
        table{width:100%;border-collapse:collapse;margin:0 0 1.5rem}
        table:has(thead th:nth-child(2).number:last-child){max-width:32rem}
        caption{text-align:left;padding-bottom:.5rem}
        th,td{text-align:left;vertical-align:top;padding:.55rem .9rem .55rem 0;border-bottom:1px solid var(--line)}
        thead th{font-weight:500;border-bottom-color:var(--soft);vertical-align:bottom}
        tbody th{color:var(--ink);font-weight:400}
        .number{text-align:right;padding-right:1.6rem}
        thead th{white-space:nowrap}tbody tr:last-child>*{border-bottom:0}.number .second,td time{white-space:nowrap}
        th:last-child,td:last-child{padding-right:0}
        .warning{border-left:4px solid var(--bad);background:var(--wash);padding:.7rem 1rem;font-size:.9375rem}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));gap:2rem 2.5rem;
        margin:1.8rem 0 2rem}
        .figures.large{grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
        figure{margin:0;min-width:0}
        figure svg{display:block;width:100%;height:auto;max-width:520px;margin:.6rem 0 .5rem}
        .figures:not(.large) svg{max-width:370px}
        figcaption strong{font-weight:600;font-size:.9375rem}
        figure p{color:var(--soft);font-size:.875rem;margin:0}
        svg text{font:500 12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;fill:var(--ink)}
        svg .tick,svg .note{font-weight:400;font-size:11.5px;fill:var(--soft)}
        svg .original{--c:var(--original)}svg .unlearned{--c:var(--unlearned)}svg .reference{--c:var(--reference)}
        svg .label{fill:var(--c,var(--ink));paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
        .axis,.grid,.floor{stroke:var(--line);stroke-width:1}
        .axis{stroke:var(--soft)}
        .floor{stroke:var(--reference);stroke-width:1.5;stroke-dasharray:3 3}
        .band{fill:var(--band)}.band.accept{fill:var(--accept)}
        .dot{fill:var(--c);stroke:var(--paper);stroke-width:1.5}
        .dot.beyond{fill:var(--paper);stroke:var(--c)}
        .whisker,.curve{stroke:var(--c);stroke-width:2.5;stroke-linecap:round;fill:none}
        .curve{stroke-width:2;stroke-linejoin:round}.curve.thin{stroke-width:1.25;stroke-opacity:.75}
        .area{fill:var(--c);fill-opacity:.32}
        .outline{fill:none;stroke:var(--reference);stroke-width:1.5}
        .mean{stroke:var(--c);stroke-width:2}
        .bar{display:block;width:100%;max-width:180px;height:8px;margin-top:.45rem}
        .bar .track{fill:var(--wash)}.bar .fill{fill:var(--reference)}
        .commands{padding:0;list-style:none;max-width:none}
        .commands p{margin-bottom:.35rem}
        pre{margin:0 0 1.1rem;padding:.75rem 1rem;background:var(--wash);border-radius:8px;white-space:pre-wrap;
        overflow-wrap:anywhere}
        .foot{margin-top:3rem}
        @media screen and (max-width:960px){.keys{grid-template-columns:repeat(2,1fr)}}
        @media screen and (max-width:760px){
        thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        table,tbody,tr,th,td,caption{display:block}
        tr{padding:.8rem 0;border-bottom:1px solid var(--line)}
        tbody th,td,td.number{padding:.12rem 0;border:0;text-align:left}
        tr:last-child{border-bottom:0}
        td{display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:0 .8rem}
        td::before{content:attr(data-label);color:var(--soft)}
        section{margin-top:2.5rem;padding-top:1.5rem}
        .large svg text{font-size:14.5px}
        .keys div{padding:.8rem .9rem}.keys .value{font-size:1.2rem}}
        @media print{@page{margin:15mm}html{font-size:12px}main{max-width:none;padding:0}
        section{margin-top:1.6rem;padding-top:1rem}h2,h3,caption,thead,.lead{break-after:avoid}
        p,li{break-inside:avoid}
        tr,figure,.keys,.verdict,pre{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

        """
}
