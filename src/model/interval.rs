//! The period that a figure of another exporter is of.

/// The period that a figure is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Interval {
    /// Its sender does not say it, or it is not an aggregate.
    #[default]
    None,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Interval {
    /// Returns the interval by the name that Health Auto Export has for it, such as `Hours`.
    #[must_use]
    pub fn of_aggregation(name: &str) -> Self {
        let intervals = [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];
        let name = name.trim().to_ascii_lowercase();
        let name = name.strip_suffix('s').unwrap_or(&name);
        intervals.into_iter().find(|interval| interval.text() == name).unwrap_or_default()
    }

    /// Returns the text in the database.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}
