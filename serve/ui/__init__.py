"""The page in the browser: Gradio, told before its import that it may ask nobody and report to nobody."""

import os

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_RUN_HISTORY="False", GRADIO_SSR_MODE="False")
