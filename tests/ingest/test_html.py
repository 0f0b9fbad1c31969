import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.html import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("Hej  på\n dig", "Hej på dig"),
        ("<p>Ett</p><p>två<br>tre<br/>fyra</p>", "Ett\n\ntvå\ntre\nfyra"),
        ("<p>Ett</p>\n\n<p> två </p>", "Ett\n\ntvå"),
        ("ett<br><br>två<br><br><br>tre", "ett\n\ntvå\n\ntre"),
        ("A & B > C &amp; D &lt;3 &#228;", "A & B > C & D <3 ä"),
        ("<b>fet</b>stil och <i>kur</i> siv", "fetstil och kur siv"),
        ("<ul><li>ett</li><li>två</li></ul>tre", "ett\ntvå\n\ntre"),
        ("<p>syns<script>alert(1)</script><style>p{}</style><!-- nej --></p>", "syns"),
        ("<p>syns <span class='invisible'>inte</span><i hidden>alls</i></p>", "syns"),
        ("a<img src=x alt='en bild'>b<img src=y>", "aen bildb"),
        ("<pre>ett\n  två</pre>tre", "ett\n  två\n\ntre"),
        ("a&nbsp;b", "a b"),
        ("<p>nul\x00l&#0;</p>", "null\ufffd"),
        ("<html><head><title>T</title></head><body>B</body></html>", "B"),
        ("<table><tr><td>ett</td><td>två</td></tr><tr><td>tre</td></tr></table>", "ett två\ntre"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_text(html: str, text: str) -> None:
    assert html_to_text(html).text == text


def test_a_mention_stays_in_one_piece() -> None:
    html = (
        '<p>Hej <span class="h-card"><a href="https://social.example/@bob" class="u-url mention">@<span>bob</span></a></span>, '
        'läs <a href="https://example.org/en/lang/vag?x=1"><span class="invisible">https://</span>'
        '<span class="ellipsis">example.org/en/lang</span><span class="invisible">/vag?x=1</span></a>!</p>'
    )
    found = html_to_text(html)
    assert found.text == "Hej @bob, läs https://example.org/en/lang/vag?x=1!"
    assert found.links == ("https://social.example/@bob", "https://example.org/en/lang/vag?x=1")


def test_only_addresses_of_the_web_are_links() -> None:
    assert html_to_text('<a href="javascript:x">a</a><a href="/b">b</a><a>c</a>').links == ()


def test_deep_nesting() -> None:
    assert html_to_text("<div>" * 5_000 + "djupt").text == "djupt"


@given(st.text(alphabet="<>/&;abp =\"'\n\x00br", max_size=200))
def test_never_raises(html: str) -> None:
    found = html_to_text(html)
    assert "\x00" not in found.text
    assert found.text == found.text.strip("\n")


@given(st.text(max_size=60))
def test_plain_text_survives(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\x00", "")
    assert html_to_text(escaped).text.split() == text.replace("\x00", "").split()
