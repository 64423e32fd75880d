"""Links the glossary's words where each first appears in a notebook's text.

    python -m scripts.glossary [01_vanilla ...]

Only text cells are changed, and only words without a link; run it again after the text has changed.
"""

import argparse
import re

import nbformat

from aehelpers import prose
from scripts import course

GLOSSARY = course.ROOT / "docs" / "glossary.md"

# Where a word is more, or less, than its heading and a plural.
_PATTERNS = {
    "beta": r"effective beta|effective β",
    "checkerboard": r"checkerboards?(?: pattern)?",
    "code": r"(?<!in )codes?(?! cell)(?!:)",
    "convolution": r"(?<!transposed )(?<!strided )convolutions?(?:al layers?)?",
    "cross-entropy": r"(?:binary )?cross-entropy",
    "dead unit": r"dead units?|dead(?=\*\* units)",
    "ELBO": r"ELBO|evidence lower bound",
    "KL divergence": r"KL divergence|Kullback-Leibler divergence",
    "importance weighting": r"[Ii]mportance (?:weighting|sampling)",
    "L0": r"L0\b",
    "L1": r"L1\b",
    "nats": r"nats?",
    "overfitting": r"overfit(?:ting|s)?|learn(?:s|t|ed)? (?:\w+ )?by heart",
    "PCA": r"PCA|[Pp]rincipal component analysis",
    "PSNR": r"PSNR|peak signal-to-noise ratio",
    "posterior": r"posterior(?! collapse)",
    "rate and distortion": r"rate(?=\*\*: how many nats)|rate and distortion",
    "rate of a unit": r"rate(?=\*\* of a unit)|firing rates?",
    "reconstruction": r"reconstructions?(?! loss)(?! error)",
    "reconstruction loss": r"reconstruction (?:loss|error)",
    "reparameterisation": r"reparameterisation(?: trick)?",
    "sparsity": r"sparsity",
    "squared error": r"(?:mean )?squared error",
    "SSIM": r"SSIM|structural similarity",
    "stride": r"strided|strides?",
    "top-k": r"[Tt]op-\$?k\$?",
}

# What must stay as it is: code, formulas, links, headings, tables, HTML.
_KEEP = re.compile(
    r"^## References$.*|```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|!?\[[^\]]*\]\([^)]*\)|^#[^\n]*$|^\|[^\n]*$|<[^>\n]+>"
    r"|\*\*(?:The question|You need first|Time|Try it|Predict)[^*]*\*\*",
    re.S | re.M,
)


def terms():
    """Returns the glossary's words, those of several words first."""
    found = re.findall(r"^### (.+)$", GLOSSARY.read_text(encoding="utf-8"), flags=re.M)
    return sorted(found, key=lambda term: (-len(term.split()), term))


def link(notebook):
    """Links each word where it first appears.

    Args:
        notebook: The notebook, whose text cells are changed.

    Returns:
        The words that were linked.
    """
    added = []
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for term in terms():
        target = f"](../docs/glossary.md#{prose.slug(term)})"
        if any(target in cell.source for cell in notebook.cells):
            continue
        words = _PATTERNS.get(term, re.escape(term) + "s?")
        flags = 0 if re.search("[A-Z]", term) else re.I
        pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", flags)
        for cell in cells:
            kept = [match.span() for match in _KEEP.finditer(cell.source)]
            for match in pattern.finditer(cell.source):
                start, end = match.span()
                if not any(a < end and start < b for a, b in kept):
                    break
            else:
                continue
            cell.source = f"{cell.source[:start]}[{match[0]}{target}{cell.source[end:]}"
            added.append(term)
            break
    return added


def main(args=None):
    """Links the words in the notebooks that are named, or in all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser)
    for each in parser.parse_args(args).notebooks:
        notebook = each.read()
        added = link(notebook)
        if added:
            nbformat.write(notebook, each.path)
        print(f"{each}: {', '.join(added) or 'nothing to link'}")


if __name__ == "__main__":
    main()
