"""A Sphinx extension: formulas become MathML when the book is built, so pages need no script."""

import html

from docutils import nodes
from sphinx.util import logging

from inferwall.html import mathml

logger = logging.getLogger(__name__)


def _converted(node, block):
    try:
        return mathml(node.astext(), block)
    except ValueError as error:
        logger.warning("formula left as text: %s", error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def visit_inline(writer, node):
    """Write a formula within a line."""
    writer.body.append(f'<span class="math">{_converted(node, block=False)}</span>')
    raise nodes.SkipNode


def visit_block(writer, node):
    """Write a formula on lines of its own; a wide one scrolls, also by keyboard."""
    writer.body.append(
        '<div class="math" role="group" aria-label="Formula" tabindex="0">'
        f"{_converted(node, block=True)}</div>"
    )
    raise nodes.SkipNode


def setup(app):
    """Register the renderer under the name that html_math_renderer asks for."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
