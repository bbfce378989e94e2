//! The functions an expression may call, for the checks and for completion.

/// One of JSONata's own functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its name without the `$`.
    pub name: &'static str,
    /// How many arguments it takes at most when it is handed to another function.
    pub(super) arity: usize,
    /// Whether its answer can be much larger than its arguments.
    pub(super) grows: bool,
}

const fn plain(name: &'static str, arity: usize) -> Function {
    Function { name, arity, grows: false }
}

const fn grows(name: &'static str, arity: usize) -> Function {
    Function { name, arity, grows: true }
}

/// All of them in order of name. `$random`, `$shuffle` and `$eval` are not among them: a run must come out the same
/// when it is looked at again, and code must be readable before it is published.
pub const FUNCTIONS: &[Function] = &[
    plain("abs", 1),
    grows("append", 2),
    plain("assert", 2),
    plain("average", 1),
    grows("base64decode", 1),
    grows("base64encode", 1),
    plain("boolean", 1),
    plain("ceil", 1),
    plain("contains", 2),
    plain("count", 1),
    plain("decodeUrl", 1),
    plain("decodeUrlComponent", 1),
    grows("distinct", 1),
    grows("each", 2),
    grows("encodeUrl", 1),
    grows("encodeUrlComponent", 1),
    plain("error", 1),
    plain("exists", 1),
    grows("filter", 2),
    plain("floor", 1),
    plain("formatBase", 2),
    plain("formatInteger", 2),
    plain("formatNumber", 3),
    plain("fromMillis", 3),
    grows("join", 2),
    plain("keys", 1),
    plain("length", 1),
    plain("lookup", 2),
    plain("lowercase", 1),
    grows("map", 2),
    grows("match", 3),
    plain("max", 1),
    grows("merge", 1),
    plain("millis", 0),
    plain("min", 1),
    plain("not", 1),
    plain("now", 2),
    plain("number", 1),
    grows("pad", 3),
    plain("parseInteger", 2),
    plain("power", 2),
    grows("reduce", 3),
    grows("replace", 4),
    plain("reverse", 1),
    plain("round", 2),
    grows("sift", 2),
    plain("single", 2),
    grows("sort", 2),
    grows("split", 3),
    grows("spread", 1),
    plain("sqrt", 1),
    grows("string", 1),
    plain("substring", 3),
    plain("substringAfter", 2),
    plain("substringBefore", 2),
    plain("sum", 1),
    plain("toMillis", 3),
    plain("trim", 1),
    plain("type", 1),
    plain("uppercase", 1),
    grows("zip", 0),
];

/// The function of that name.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by_key(&name, |function| function.name).ok().map(|index| &FUNCTIONS[index])
}

/// Functions JSONata has and a workflow may not use.
pub(super) const REFUSED: [&str; 3] = ["eval", "random", "shuffle"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| function.name));
        assert!(function("formatNumber").is_some());
        assert!(function("random").is_none());
    }
}
