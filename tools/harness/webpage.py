# SPDX-License-Identifier: ISC
"""The results as pages: index.html beside results.json, failures first, and a page for each
scenario in its folder."""
import shutil
from pathlib import Path

from harness import paths, scenariopage
from harness.check import Check
from harness.outcome import HarnessError
from harness.scenario import Scenario, load_all
from harness.scenariopage import AUTHORITY, escape

AUTHORITY_PICTURE = paths.ROOT / "docs" / AUTHORITY


def _known() -> dict[str, Scenario]:
    """The scenarios by name; none if they cannot be read, which others have complained about."""
    try:
        return {scenario.name: scenario for scenario in load_all()}
    except HarnessError:
        return {}


def _row(check: Check, page: str) -> str:
    mark = "<span class=good>ok</span>" if check.passed else "<span class=bad>FAIL</span>"
    name = escape(check.name)
    if page:
        name = f'<a href="{escape(page)}">{name}</a>'
    if check.details:
        details = f"<pre class=wrapped>{escape(chr(10).join(check.details))}</pre>"
        opened = "" if check.passed else " open"
        name += f"<details{opened}><summary class=soft>why</summary>{details}</details>"
    return (f"<tr><td>{mark}<td>{name}<td class=number>{check.cpu_s:.1f}"
            f"<td class=number>{check.wall_s:.1f}")


def _pages(checks: list[Check], folder: Path) -> dict[str, str]:
    """Write the page of each scenario that has left a folder; where each is."""
    known, places = _known(), {}
    for check in checks:
        place = folder / check.folder
        if check.folder and place.is_dir():
            scenariopage.write(check.name, place, known.get(check.name))
            places[check.name] = f"{check.folder}/index.html"
    if places and AUTHORITY_PICTURE.exists():
        shutil.copyfile(AUTHORITY_PICTURE, folder / AUTHORITY)
    return places


def write(checks: list[Check], lost: list[str], target: Path) -> None:
    """Write the pages. Folders of scenarios lie beside it."""
    places = _pages(checks, target.parent)
    failed = sum(not check.passed for check in checks)
    parts = [scenariopage.head("EriX: test results"),
             f"<h1>{len(checks) - failed} passed, {failed} failed</h1>"]
    if lost:
        names = ", ".join(map(escape, lost))
        parts.append(f"<p class=bad>planned, but without a result: {names}")
    for suite in sorted({check.suite for check in checks}):
        rows = sorted((check for check in checks if check.suite == suite),
                      key=lambda check: (check.passed, -check.cpu_s))
        parts.append(f"<h2>{escape(suite)}: {len(rows)}</h2><table>"
                     "<tr><th><th>name<th class=number>CPU s<th class=number>s")
        parts += [_row(check, places.get(check.name, "")) for check in rows]
        parts.append("</table>")
    target.write_text("\n".join(parts) + "\n", encoding="utf-8")
