"""The site of the documents: staged so that no link leaves it, built by Zensical, and looked at afterwards.

`python -m tools.site` writes `site/html`; it needs nothing but the dependency group `docs`.
"""
