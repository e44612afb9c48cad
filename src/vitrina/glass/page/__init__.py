"""The page: a run in the browser, while it learns and afterwards."""

from vitrina.glass.page.server import serve, watch

__all__ = ["serve", "watch"]
