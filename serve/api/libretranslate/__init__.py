"""LibreTranslate's routes on our service, so that its clients work unchanged; docs/libretranslate.md compares them."""

from serve.api.libretranslate.routes import router

__all__ = ["router"]
