"""What a real browser makes of our output: nothing runs. Skipped only where there is no Chromium."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import pytest

from aggregator.html import sanitise
from tests.html.corpora import HOSTILE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 120
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions"
    " --virtual-time-budget=60000 --dump-dom"
)
EVENTS = (
    "click mouseover mouseenter pointerover focus blur toggle error load animationstart submit keydown copy"
)

# Every piece is put in as a reader would: by the page's own parser, by innerHTML, and by innerHTML once more
# from what that wrote. Then every element gets every event. `ran` says which pieces ran anything.
_PAGE = """<!DOCTYPE html><meta charset=utf-8><title>x</title>
<script>
var ran = [], current = -1;
for (const name of ["alert", "confirm", "prompt", "print", "open"])
  window[name] = function () { ran.push(current + " " + name); };
window.onerror = function () { return true; };
window.addEventListener("submit", function (event) { event.preventDefault(); }, true);
</script>
%(inline)s
<script id=pieces type="application/json">%(pieces)s</script>
<script>
const pieces = JSON.parse(document.getElementById("pieces").textContent);
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
(async function () {
  await wait(200);
  for (current = 0; current < pieces.length; current++) {
    const first = document.createElement("div"), second = document.createElement("div");
    document.body.append(first, second);
    first.innerHTML = pieces[current];
    second.innerHTML = first.innerHTML;
    for (const element of [...first.querySelectorAll("*"), ...second.querySelectorAll("*")]) {
      for (const name of "%(events)s".split(" "))
        element.dispatchEvent(new Event(name, {bubbles: true, cancelable: true}));
      if (/^\\s*(javascript|vbscript|data):/i.test(element.href || element.action || element.src || ""))
        ran.push(current + " address");
    }
    await wait(5);
    first.remove(); second.remove();
  }
  await wait(500);
  document.body.innerHTML = "<output></output>";
  document.querySelector("output").textContent = "RAN" + JSON.stringify([pieces.length, ran]);
})();
</script>"""


def what_ran(pieces: Sequence[str], folder: Path, *, inline: bool) -> list[str]:
    """Show the pieces in Chromium without any network and return what ran: "number of the piece what"."""
    assert CHROMIUM is not None
    page = folder / "page.html"
    said = json.dumps([piece.encode(errors="ignore").decode() for piece in pieces]).replace("<", "\\u003c")
    body = "\n".join(pieces) if inline else ""
    page.write_text(
        _PAGE % {"inline": body, "pieces": said, "events": EVENTS}, encoding="utf-8", errors="ignore"
    )
    command = [
        CHROMIUM,
        *OPTIONS.split(),
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder / 'profile'}",
    ]
    shown = subprocess.run(
        [*command, page.as_uri()],
        capture_output=True,
        timeout=SECONDS,
        check=True,
        text=True,
        encoding="utf-8",
    ).stdout
    result = re.search(r"<output>RAN(.*?)</output>", shown, re.DOTALL)
    assert result, shown[-2000:]
    count, ran = json.loads(unescape(result[1]))
    assert count == len(pieces)
    return list(ran)


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_nothing_runs_in_chromium(tmp_path: Path) -> None:
    safe = [sanitise(html, base=base) for html in HOSTILE for base in (None, "https://news.example/dir/page")]
    assert what_ran(safe, tmp_path, inline=True) == []


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_runs_what_has_not_been_through_the_sanitiser(tmp_path: Path) -> None:
    raw = [html for html in HOSTILE if html.startswith(("<img", "<b/on", "<details", '<a href="java'))]
    ran = {said.partition(" ")[0] for said in what_ran(raw, tmp_path, inline=False)}
    assert len(raw) > 20
    assert len(ran) > len(raw) // 3
