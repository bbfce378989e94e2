//! Through which of a connector's accounts a call goes.

use countersign_store::ConnectionRow;

/// Which account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChoice<'a> {
    /// The one of this name.
    Named(&'a str),
    /// A step of a version published then (milliseconds since the epoch) that names none.
    PublishedAt(i64),
    /// Nobody chose: only one that is alone is meant.
    Unsaid,
}

impl<'a> AccountChoice<'a> {
    /// What a step means.
    #[must_use]
    pub fn of_step(named: Option<&'a str>, published: Option<i64>) -> Self {
        match (named, published) {
            (Some(name), _) => Self::Named(name),
            (None, Some(at)) => Self::PublishedAt(at),
            (None, None) => Self::Unsaid,
        }
    }
}

/// Why no account is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotChosen {
    /// There is none of that name.
    Unknown,
    /// There are these, and none was chosen.
    Several(Vec<String>),
}

/// The account that is meant, of a connector's; none where there is none and none was named.
///
/// A version that names none was published when there was at most one (publishing refuses the rest), so it goes on through
/// the one there was: an account that is added later takes no calls over and stops none. Several at that time mean that the
/// version is older than this rule; it goes on through the oldest, as it did then.
pub(super) fn chosen(rows: Vec<ConnectionRow>, choice: AccountChoice<'_>) -> Result<Option<ConnectionRow>, NotChosen> {
    let oldest = |rows: Vec<ConnectionRow>| rows.into_iter().min_by_key(|row| (row.created_at, row.id.clone()));
    let alone = |rows: Vec<ConnectionRow>| match rows.len() {
        0 | 1 => Ok(rows.into_iter().next()),
        _ => Err(NotChosen::Several(rows.into_iter().map(|row| row.name).collect())),
    };
    match choice {
        AccountChoice::Named(name) => rows.into_iter().find(|row| row.name == name).map(Some).ok_or(NotChosen::Unknown),
        AccountChoice::PublishedAt(at) => {
            let (then, later): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.created_at <= at);
            oldest(then).map_or_else(|| alone(later), |row| Ok(Some(row)))
        }
        AccountChoice::Unsaid => alone(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, created_at: i64) -> ConnectionRow {
        ConnectionRow {
            id: name.to_owned(),
            workspace: "w".to_owned(),
            connector: "shop".to_owned(),
            name: name.to_owned(),
            settings: String::new(),
            sealed: String::new(),
            health: String::new(),
            created_at,
            updated_at: created_at,
        }
    }

    fn name(rows: &[(&str, i64)], choice: AccountChoice<'_>) -> Result<Option<String>, NotChosen> {
        let rows = rows.iter().map(|(name, at)| row(name, *at)).collect();
        chosen(rows, choice).map(|row| row.map(|row| row.name))
    }

    #[test]
    fn a_name_is_that_account_or_none() {
        let rows = [("a", 1), ("b", 2)];
        assert_eq!(name(&rows, AccountChoice::Named("b")), Ok(Some("b".to_owned())));
        assert_eq!(name(&rows, AccountChoice::Named("c")), Err(NotChosen::Unknown));
    }

    #[test]
    fn a_version_goes_on_through_the_account_there_was() {
        for rows in [&[("a", 1)][..], &[("b", 9), ("a", 1)], &[("a", 1), ("b", 9), ("c", 9)]] {
            assert_eq!(name(rows, AccountChoice::PublishedAt(5)), Ok(Some("a".to_owned())), "{rows:?}");
        }
        // Older than the rule that a step must choose.
        assert_eq!(name(&[("b", 2), ("a", 1)], AccountChoice::PublishedAt(5)), Ok(Some("a".to_owned())));
    }

    #[test]
    fn of_several_none_is_taken_that_nobody_chose() {
        let several = || Err(NotChosen::Several(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(name(&[("a", 7), ("b", 9)], AccountChoice::PublishedAt(5)), several());
        assert_eq!(name(&[("a", 1), ("b", 2)], AccountChoice::Unsaid), several());
        for choice in [AccountChoice::PublishedAt(5), AccountChoice::Unsaid] {
            assert_eq!(name(&[], choice), Ok(None));
            assert_eq!(name(&[("a", 7)], choice), Ok(Some("a".to_owned())), "the only one there is");
        }
    }
}
