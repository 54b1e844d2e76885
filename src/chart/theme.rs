//! Colours. Each has one meaning, here and on the pages; contrasts are those of WCAG AA.

use std::sync::LazyLock;

/// Themes of a picture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// As the system of the reader prefers.
    Auto,
    /// Those of the page that the picture stands in, which has [`PAGE_STYLE`].
    Page,
}

impl Theme {
    /// Those of a picture that stands by itself.
    pub const ALONE: [Self; 3] = [Self::Light, Self::Dark, Self::Auto];

    /// Its name; empty for that of a page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
            Self::Page => "",
        }
    }
}

/// The subject of a series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hue {
    /// Any data.
    Accent,
    /// Movement and energy.
    Activity,
    /// Heart and circulation.
    Heart,
}

impl Hue {
    /// The letter in the names of its classes.
    pub(super) fn letter(self) -> char {
        match self {
            Self::Accent => 'a',
            Self::Activity => 'v',
            Self::Heart => 'h',
        }
    }
}

/// The class of a colour, its property, and the colour in the light and in the dark.
const COLOURS: [(&str, &str, &str, &str); 24] = [
    ("c-back", "fill", "#ffffff", "#1a1d21"),
    ("c-title", "fill", "#16181b", "#eceef0"),
    ("c-major", "fill", "#16181b", "#eceef0"),
    ("c-label", "fill", "#5b6168", "#9aa2ab"),
    ("c-grid", "stroke", "#e2e3e0", "#2c3137"),
    ("c-base", "stroke", "#5b6168", "#9aa2ab"),
    ("c-fill-a", "fill", "#1f5fbf", "#7fb0ff"),
    ("c-fill-v", "fill", "#b45309", "#f0a050"),
    ("c-fill-h", "fill", "#b4235a", "#ff7a9c"),
    ("c-line-a", "stroke", "#1f5fbf", "#7fb0ff"),
    ("c-line-v", "stroke", "#b45309", "#f0a050"),
    ("c-line-h", "stroke", "#b4235a", "#ff7a9c"),
    ("c-part-a", "stroke", "#1f5fbf", "#7fb0ff"),
    ("c-part-v", "stroke", "#b45309", "#f0a050"),
    ("c-part-h", "stroke", "#b4235a", "#ff7a9c"),
    ("c-band-a", "fill", "#1f5fbf", "#7fb0ff"),
    ("c-band-v", "fill", "#b45309", "#f0a050"),
    ("c-band-h", "fill", "#b4235a", "#ff7a9c"),
    ("c-deep", "fill", "#312e81", "#5b57d6"),
    ("c-core", "fill", "#4f6fd0", "#7d97f0"),
    ("c-rem", "fill", "#2a9bb0", "#5cc6d8"),
    ("c-awake", "fill", "#e0a030", "#f2c14e"),
    ("c-asleep", "fill", "#5b6168", "#9aa2ab"),
    ("c-bed", "fill", "#e2e3e0", "#2c3137"),
];

/// The rules that all themes share.
const SHAPES: &str = ".c-title,.c-major,.c-label{font:12px system-ui,sans-serif}.c-title{font-size:16px;font-weight:600}\
    .c-major{font-weight:600}.c-grid,.c-base{fill:none;shape-rendering:crispEdges}\
    [class^=c-line]{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}\
    [class^=c-part]{fill:none;stroke-width:1.2}[class^=c-band]{fill-opacity:.22}.c-dash{stroke-dasharray:3 3}\
    .c-tip{fill:#808080;fill-opacity:0}.c-tip:hover{fill-opacity:.15}";

/// The style of pictures that stand in a page. It belongs into the page's style sheet, and follows the reader's system.
pub static PAGE_STYLE: LazyLock<String> = LazyLock::new(|| style(Theme::Auto));

/// The style of a picture. Names colours instead of variables: SVG converters do not support variables.
pub(super) fn style(theme: Theme) -> String {
    let rules = |is_dark: bool| {
        let rule = |(class, property, light, dark): &(&str, &str, &str, &str)| {
            format!(".{class}{{{property}:{}}}", if is_dark { dark } else { light })
        };
        COLOURS.iter().map(rule).collect::<String>()
    };
    match theme {
        Theme::Page => String::new(),
        Theme::Light => [SHAPES, &rules(false)].concat(),
        Theme::Dark => [SHAPES, &rules(true)].concat(),
        Theme::Auto => format!("{SHAPES}{}@media (prefers-color-scheme:dark){{{}}}", rules(false), rules(true)),
    }
}
