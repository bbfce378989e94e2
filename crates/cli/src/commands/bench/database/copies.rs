//! Making many finished runs out of a few: their rows again, with ids and times of the past.

/// Runs that are copied over and over.
pub(super) const TEMPLATES_MAX: i64 = 1_000;
/// Runs made in one transaction, about.
const CHUNK_RUNS: i64 = 20_000;
/// Between the oldest run there is and the newest copy, milliseconds.
const GAP_MS: i64 = 10_000;

/// The tables of a run and the column that names it.
pub(super) const TABLES: [(&str, &str); 3] = [("runs", "id"), ("run_events", "run"), ("step_executions", "run")];

/// The runs to copy: `position` from 0, `id`, `workspace`, `started_at`.
pub(super) fn templates_sql() -> String {
    format!(
        "CREATE TEMP TABLE templates AS SELECT row_number() OVER (ORDER BY id) - 1 AS position, id, workspace, \
         started_at FROM (SELECT id, workspace, started_at FROM runs WHERE status = 'completed' ORDER BY id \
         LIMIT {TEMPLATES_MAX}) AS oldest"
    )
}

/// What must be known before copying.
pub(super) const FACTS_SQL: &str = "SELECT (SELECT count(*) FROM runs WHERE status = 'completed'), (SELECT count(*) FROM templates), \
     (SELECT min(started_at) FROM runs)";

/// How SQL writes the first two groups of a version 7 UUID, which are its time, `at` being an expression.
pub(super) type UuidTime = fn(at: &str) -> String;

/// Which copies to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copies {
    templates: i64,
    first_at: i64,
    copies: i64,
}

/// Copies made in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Number of the first copy of all templates.
    pub(super) from: i64,
    /// Number after the last.
    pub(super) to: i64,
}

impl Copies {
    /// Enough of them to have `wanted` completed runs, each a millisecond after the one before.
    pub(super) fn plan(wanted: i64, completed: i64, templates: i64, oldest: i64) -> Self {
        let missing = (wanted - completed).max(0);
        let copies = if templates == 0 { 0 } else { (missing + templates - 1) / templates };
        Self { templates, first_at: oldest - GAP_MS - copies * templates, copies }
    }

    /// Runs that will be added.
    pub(super) fn runs(&self) -> i64 {
        self.copies * self.templates
    }

    /// The transactions, in order.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let size = (CHUNK_RUNS / self.templates.max(1)).max(1);
        let copies = self.copies;
        (0..(copies + size - 1) / size)
            .map(move |index| Chunk { from: index * size, to: ((index + 1) * size).min(copies) })
    }

    /// `INSERT INTO <table> … SELECT …` up to `FROM`; what follows joins copies `k`, templates `p` and source rows `s`.
    pub(super) fn insert_sql(&self, (table, key): (&str, &str), columns: &[String], uuid_time: UuidTime) -> String {
        let at = format!("({} + k * {} + p.position)", self.first_at, self.templates);
        let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let values: Vec<String> = columns
            .iter()
            .map(|name| match name.as_str() {
                name if name == key => format!("{} || substr(p.id, 14)", uuid_time(&at)),
                name if name == "at" || name.ends_with("_at") => format!("s.\"{name}\" - p.started_at + {at}"),
                name => format!("s.\"{name}\""),
            })
            .collect();
        format!("INSERT INTO {table} ({}) SELECT {}", names.join(", "), values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_fill_up_without_gaps_or_overlap() {
        let copies = Copies::plan(1_000_000, 300, 300, 2_000_000_000_000);
        assert_eq!(copies.runs(), 999_900);
        let chunks: Vec<_> = copies.chunks().collect();
        assert_eq!(chunks.first().map(|chunk| chunk.from), Some(0));
        assert_eq!(chunks.last().map(|chunk| chunk.to), Some(3333));
        assert!(chunks.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(copies.first_at, 2_000_000_000_000 - GAP_MS - 999_900);
    }

    #[test]
    fn nothing_is_copied_when_there_is_enough_or_nothing_to_copy() {
        assert_eq!(Copies::plan(10, 10, 5, 0).chunks().count(), 0);
        assert_eq!(Copies::plan(10, 0, 0, 0).chunks().count(), 0);
    }

    #[test]
    fn ids_and_times_move_and_the_rest_stays() {
        let copies = Copies { templates: 2, first_at: 500, copies: 3 };
        let columns = ["workspace", "run", "at", "events"].map(str::to_owned);
        let sql = copies.insert_sql(("run_events", "run"), &columns, |at| format!("u{at}"));
        insta::assert_snapshot!(sql, @r#"INSERT INTO run_events ("workspace", "run", "at", "events") SELECT s."workspace", u(500 + k * 2 + p.position) || substr(p.id, 14), s."at" - p.started_at + (500 + k * 2 + p.position), s."events""#);
    }
}
