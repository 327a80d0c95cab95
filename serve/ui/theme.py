"""The colors and measures of everything around the result, the same as `static/page.css` has inside it."""

from __future__ import annotations

import gradio as gr

_LIGHT = {
    "ground": "#f5f3ef", "paper": "#ffffff", "ink": "#1d1c1a", "quiet": "#5f5b55", "line": "#dcd7ce",
    "accent": "#14508c", "deep": "#0d3d6e", "on_accent": "#ffffff", "tint": "#eaf2fb",
}  # fmt: skip
_DARK = {
    "ground": "#0e1013", "paper": "#16181c", "ink": "#e8e5df", "quiet": "#aaa69e", "line": "#34373d",
    "accent": "#8fc1f5", "deep": "#b5d7fa", "on_accent": "#0e1013", "tint": "#1f3044",
}  # fmt: skip
_COLORS = {  # Gradio's names → ours
    "body_background_fill": "ground", "body_text_color": "ink", "body_text_color_subdued": "quiet",
    "background_fill_primary": "paper", "background_fill_secondary": "ground",
    "border_color_primary": "line", "border_color_accent": "accent", "color_accent_soft": "tint",
    "link_text_color": "accent", "link_text_color_hover": "deep", "link_text_color_visited": "accent",
    "block_background_fill": "paper", "block_border_color": "line",
    "block_title_text_color": "ink", "block_label_text_color": "ink", "block_label_background_fill": "paper",
    "block_info_text_color": "quiet", "accordion_text_color": "ink",
    "input_background_fill": "paper", "input_border_color": "line", "input_border_color_focus": "accent",
    "input_placeholder_color": "quiet", "slider_color": "accent", "loader_color": "accent",
    "button_primary_background_fill": "accent", "button_primary_background_fill_hover": "deep",
    "button_primary_text_color": "on_accent", "button_primary_text_color_hover": "on_accent",
    "button_primary_border_color": "accent",
    "button_secondary_background_fill": "paper", "button_secondary_background_fill_hover": "tint",
    "button_secondary_border_color": "line", "button_secondary_text_color": "ink",
    "button_secondary_text_color_hover": "ink",
    "button_cancel_background_fill": "paper", "button_cancel_background_fill_hover": "tint",
    "button_cancel_border_color": "line", "button_cancel_text_color": "ink", "button_cancel_text_color_hover": "ink",
}  # fmt: skip
_MEASURES = {
    "block_border_width": "0px", "block_shadow": "none", "block_padding": "0px", "block_title_text_weight": "600",
    "block_radius": "8px", "input_radius": "8px", "container_radius": "8px", "input_border_width": "1px",
    "input_shadow": "none", "input_shadow_focus": "0 0 0 2px *color_accent_soft", "input_padding": "10px 12px",
    "input_text_size": "*text_md", "button_border_width": "1px", "button_large_radius": "8px",
    "button_small_radius": "8px", "button_large_text_weight": "600", "button_small_text_weight": "500",
    "layout_gap": "14px", "form_gap_width": "14px",
}  # fmt: skip


def build_theme() -> gr.themes.Base:
    """A theme of system fonts, light and dark; the browser says which."""
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    colors = {name: _LIGHT[ours] for name, ours in _COLORS.items()}
    colors |= {f"{name}_dark": _DARK[ours] for name, ours in _COLORS.items()}
    return theme.set(**colors, **_MEASURES)
