//! "Did you mean".

/// Most names that are compared.
const NAMES_MAX: usize = 2_000;

/// The known name that is nearest to a wrong one, when it is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    known
        .take(NAMES_MAX)
        .filter(|other| other.len().abs_diff(name.len()) <= 8)
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, other)| other)
}

/// Levenshtein distance of two short names.
fn distance(a: &str, b: &str) -> usize {
    const LENGTH_MAX: usize = 80;
    let a: Vec<char> = a.chars().take(LENGTH_MAX).collect();
    let b: Vec<char> = b.chars().take(LENGTH_MAX).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["verify", "preview", "approve"];
        assert_eq!(nearest("verfy", known.into_iter()), Some("verify"));
        assert_eq!(nearest("aprove", known.into_iter()), Some("approve"));
        assert_eq!(nearest("refund", known.into_iter()), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
