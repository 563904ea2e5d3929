"""Put the built site into a folder of its version, among those of other versions.

    python docs/publish.py docs/_build/html SITE 0.3.1

`dev` instead of a version is the main branch. `stable` is a copy of the newest release.
The switcher of every page, old pages too, reads its list from SITE/switcher.json.
"""

import json
import shutil
import sys
from pathlib import Path

from sklearn_seqae._utils.documentation import SITE, folder_of

REDIRECT = (
    '<!DOCTYPE html><meta charset="utf-8"><title>sklearn_seqae</title>'
    '<meta http-equiv="refresh" content="0; url={0}/">'
    '<a href="{0}/">sklearn_seqae</a>\n'
)


def publish(html, site, version):
    """Copy `html`, and write anew what depends on all versions there are.

    Parameters
    ----------
    html, site : Path
    version : str
        "0.3.1", or "dev".
    """
    _replace(html, site / folder_of(version))
    releases = sorted(
        (path.name for path in site.glob("[0-9]*.[0-9]*") if path.is_dir()),
        key=lambda name: [int(part) for part in name.split(".")],
        reverse=True,
    )
    if releases:
        _replace(site / releases[0], site / "stable")
    entries = [{"name": "dev", "version": "dev", "url": f"{SITE}/dev/"}]
    for name in releases:
        newest = name == releases[0]
        entries.append(
            {
                "name": f"{name} (stable)" if newest else name,
                "version": name,
                "url": f"{SITE}/{'stable' if newest else name}/",
                "preferred": newest,
            }
        )
    (site / "switcher.json").write_text(json.dumps(entries, indent=2) + "\n")
    front = "stable" if releases else "dev"
    (site / "index.html").write_text(REDIRECT.format(front))
    (site / ".nojekyll").touch()  # else folders with an underscore would be left out


def _replace(source, target):
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)


if __name__ == "__main__":
    publish(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
