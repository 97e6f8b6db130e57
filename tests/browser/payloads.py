"""Attempts to have something run or load in the browser of whoever reads a page.

``RUN`` stands for a script that marks the page as taken over, ``URL`` for an address on which a server counts visits.
Both are filled in by the test, which gives each attempt a name of its own. None of them depends on another.
"""

from __future__ import annotations

import base64

RUN = "document.documentElement.setAttribute('data-ran-{name}','1')"


def b64(text):
    return base64.b64encode(text.encode()).decode()


# Markup for every place where a page shows HTML, Markdown or text.
MARKUP = {
    "script": "<script>RUN</script>",
    "script-split": "<scr<script>ipt>RUN</scr</script>ipt>",
    "script-src": '<script src="URL.js"></script>',
    "script-module": '<script type="module">RUN</script>',
    "script-in-svg": "<svg><script>RUN</script></svg>",
    "script-svg-href": '<svg><script href="data:text/javascript,RUN"></script></svg>',
    "script-in-math": "<math><mtext><script>RUN</script></mtext></math>",
    "img-onerror": '<img src=x onerror="RUN">',
    "img-onerror-slash": '<img/src="x"/onerror="RUN">',
    "img-remote": '<img src="URL.png">',
    "img-srcset": '<img src="x" srcset="URL.png 1x">',
    "svg-onload": '<svg onload="RUN"><circle r="9"/></svg>',
    "svg-animate": '<svg><animate onbegin="RUN" attributeName="x" dur="1s"/></svg>',
    "svg-set-href": '<svg><a id="go"><set attributeName="href" to="javascript:RUN"/><text y="20">go</text></a></svg>',
    "svg-foreign": '<svg><foreignObject><img src="x" onerror="RUN"></foreignObject></svg>',
    "svg-use-remote": '<svg><use href="URL.svg#a"/></svg>',
    "svg-image-remote": '<svg><image href="URL.png" width="9" height="9"/></svg>',
    "svg-style-import": "<svg><style>@import url(URL.css);</style></svg>",
    "svg-title-mutation": '<svg><title><style><img src="x" onerror="RUN"></style></title></svg>',
    "svg-desc-mutation": '<svg><desc><noscript><p title="</noscript><img src=x onerror=RUN>"></noscript></desc></svg>',
    "math-mutation": "<math><mtext><table><mglyph><style>"
    '<img src=x onerror="RUN"></style></mglyph></table></mtext></math>',
    "math-annotation": '<math><annotation-xml encoding="text/html"><img src=x onerror="RUN"></annotation-xml></math>',
    "math-href": '<math href="javascript:RUN"><mi>click</mi></math>',
    "noscript-mutation": '<noscript><p title="</noscript><img src=x onerror=RUN>"></noscript>',
    "template": '<template><img src=x onerror="RUN"></template>',
    "comment-break": '<!--><img src=x onerror="RUN">-->',
    "comment-conditional": "<!--[if gte IE 4]><script>RUN</script><![endif]-->",
    "cdata": '<svg><![CDATA[><img src=x onerror="RUN">]]></svg>',
    "textarea-break": '<textarea></textarea><img src=x onerror="RUN"></textarea>',
    "title-break": '</title></head><body><img src=x onerror="RUN">',
    "style-break": '</style><img src=x onerror="RUN">',
    "attribute-break": '" onmouseover="RUN" autofocus onfocus="RUN" x="',
    "attribute-break-single": "' autofocus onfocus='RUN' x='",
    "autofocus": '<input autofocus onfocus="RUN">',
    "details-ontoggle": '<details open ontoggle="RUN">x</details>',
    "iframe-srcdoc": '<iframe srcdoc="<script>parent.RUN</script>"></iframe>',
    "iframe-javascript": '<iframe src="javascript:parent.RUN"></iframe>',
    "iframe-remote": '<iframe src="URL.html"></iframe>',
    "object-data": '<object data="data:text/html,<script>parent.RUN</script>"></object>',
    "object-remote": '<object data="URL.swf"></object>',
    "embed-remote": '<embed src="URL.swf">',
    "video-remote": '<video poster="URL.png" src="URL.mp4" onerror="RUN" autoplay></video>',
    "audio-onerror": '<audio src="x" onerror="RUN" autoplay></audio>',
    "link-style": '<link rel="stylesheet" href="URL.css">',
    "link-prefetch": '<link rel="prefetch" href="URL.html">',
    "meta-refresh": '<meta http-equiv="refresh" content="0;url=URL.html">',
    "base-href": '<base href="URL/">',
    "style-import": "<style>@import url(URL.css);</style>",
    "style-background": '<p style="background:url(URL.png)">x</p>',
    "style-animation": '<style>@keyframes a{}</style><p style="animation:a 1ms" onanimationstart="RUN">x</p>',
    "form-action": '<form action="URL.html"><button id="submit">send</button></form>',
    "link-javascript": '<a id="js" href="javascript:RUN">click</a>',
    "link-javascript-tab": '<a href="java&#9;script:RUN">click</a>',
    "link-data": '<a href="data:text/html,<script>RUN</script>">click</a>',
    "link-ping": '<a href="#top" ping="URL.ping">click</a>',
    "x-math-forged": '<x-math n="0" onclick="RUN"></x-math><x-math n="0"><img src=x onerror="RUN"></x-math>',
    "body-onload": '<body onload="RUN">',
    "marquee": '<marquee onstart="RUN">x</marquee>',
    "xml-stylesheet": '<?xml-stylesheet href="javascript:RUN"?><img src=x onerror="RUN">',
    "nul-in-tag": '<im\0g src=x onerror="RUN"><img src=x one\0rror="RUN">',
    "portal": '<portal src="URL.html"></portal>',
}

# Markdown that becomes markup.
MARKDOWN = {
    "md-link": "[click](javascript:RUN)",
    "md-link-entity": "[click](java&#115;cript:RUN)",
    "md-link-title": '[click](https://example.org "x\\" onmouseover=\\"RUN")',
    "md-image": '![x](x"onerror="RUN)',
    "md-image-remote": "![x](URL.png)",
    "md-image-alt": '![" onerror="RUN](data:image/png;base64,AAAA)',
    "md-image-svg": "![x](data:image/svg+xml;base64,"
    + b64("<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>")
    + ")",
    "md-reference": "[click][1]\n\n[1]: javascript:RUN",
    "md-autolink": "<javascript:RUN>",
    "md-fence-info": '```"><img src=x onerror="RUN">\nx\n```',
    "md-heading": '# <img src=x onerror="RUN">',
    "md-table": '| a |\n|---|\n| <img src=x onerror="RUN"> |',
    "md-attachment": "![x](attachment:evil.svg)",
    "md-mermaid": '```mermaid\n<img src=x onerror="RUN">\n```',
}

# LaTeX that becomes markup.
LATEX = {
    "tex-text": r"$\text{<img src=x onerror=RUN>}$",
    "tex-script": r"$$\text{</math><script>RUN</script>}$$",
    "tex-href": r"$\href{javascript:RUN}{x}$",
    "tex-class": r'$\class{x" onmouseover="RUN}{x}$',
    "tex-style": r"$\style{background:url(URL.png)}{x}$",
    "tex-color": r'$\color{red" onmouseover="RUN}x$',
    "tex-broken": r"$\frac{<img src=x onerror=RUN>$",
    "tex-environment": r"\begin{align}<img src=x onerror=RUN>\end{align}",
    "tex-name": r"\begin{img}\end{img}<img src=x onerror=RUN>",
}

# Drawings that an <img> carries.
SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
DRAWINGS = {
    "draw-onload": f'{SVG_HEAD} onload="top.RUN"><rect width="9" height="9"/></svg>',
    "draw-script": f"{SVG_HEAD}><script>top.RUN</script></svg>",
    "draw-image": f'{SVG_HEAD}><image xlink:href="URL.png" width="9" height="9"/></svg>',
    "draw-use": f'{SVG_HEAD}><use xlink:href="URL.svg#a"/></svg>',
    "draw-css": f"{SVG_HEAD}><style>@import url(URL.css);</style></svg>",
    "draw-font": f'{SVG_HEAD}><text style="font-family:x;src:url(URL.woff)">x</text></svg>',
    "draw-fill": f'{SVG_HEAD}><rect style="fill:url(URL.svg#a)" width="9" height="9"/></svg>',
    "draw-doctype": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "URL.txt">]>{SVG_HEAD}><text>&x;</text></svg>',
    "draw-break": f'{SVG_HEAD}></svg>"><img src=x onerror="RUN">',
    "draw-not": '"><img src=x onerror="RUN">',
}


def filled(payload, name, port):
    """`payload` with its script and its address."""
    run = RUN.format(name=name)
    return payload.replace("RUN", run).replace("URL", f"http://127.0.0.1:{port}/{name}")
