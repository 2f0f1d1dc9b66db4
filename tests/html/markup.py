"""Markup that nobody would write, for property tests."""

from hypothesis import strategies as st

TAGS_TO_FUZZ = (
    "a abbr annotation-xml b blockquote body br button caption details desc div embed figure font foreignObject form"
    " frameset h1 i iframe img li malignmark math mglyph mi mo mtext nobr noscript object option p picture pre rt"
    " ruby script select source style svg table td template textarea title tr ul video xmp"
)
ATTRIBUTES_TO_FUZZ = (
    "href=javascript:x",
    "href=x",
    "src=y onerror=x",
    "data-src=z.png",
    "srcset='a 2x, javascript:x 3x,,b'",
    "style=display:none",
    "title='<b>\"&'",
    "width=1 height=1",
    "xml:lang=de",
    "xml:base=//other.example/",
    "xml:base=javascript:x href=y",
    "lang=en_US dir=RTL",
    "encoding=text/html",
    "alttext='<img onerror=x>'",
    "aria-label='<i>'",
    "data=/o",
)
TEXTS_TO_FUZZ = [
    "\n",
    "&amp;",
    "&lt;",
    "&nbsp;",
    "<!--",
    "-->",
    "--!>",
    '"',
    "'",
    "`",
    "]]>",
    "<![CDATA[",
    "</",
    "<",
    "&lt;img src=x&gt;",
    "\x00",
    "\x85",
    "&#0;",
]
markup = st.lists(
    st.one_of(
        st.builds(
            lambda tag, attribute: f"<{tag} {attribute}>",
            st.sampled_from(TAGS_TO_FUZZ.split()),
            st.sampled_from(["", "/", *ATTRIBUTES_TO_FUZZ]),
        ),
        st.sampled_from([f"</{tag}>" for tag in TAGS_TO_FUZZ.split()]),
        st.sampled_from(TEXTS_TO_FUZZ),
        st.text(max_size=4),
    ),
    max_size=30,
).map("".join)
