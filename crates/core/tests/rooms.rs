//! A folder is a room: files of different folders do not lean on each other in a circle. Read from the sources.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The files of a crate by module path, for example `run::steps`.
struct Crate {
    files: BTreeMap<String, Source>,
}

struct Source {
    /// The folder its module belongs to: `a.rs` beside a folder `a` belongs into it.
    folder: PathBuf,
    /// Paths it uses, from the root of the crate.
    uses: Vec<String>,
    /// Names it passes on, by where they come from.
    passes_on: BTreeMap<String, String>,
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn read(root: &Path) -> Crate {
    let mut paths = Vec::new();
    rust_files(root, &mut paths);
    let mut files = BTreeMap::new();
    for path in paths {
        let inner = path.strip_prefix(root).unwrap().with_extension("");
        let mut parts: Vec<_> = inner.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(parts.last().unwrap().as_str(), "mod" | "lib" | "main") {
            parts.pop();
        }
        let own = root.join(parts.iter().collect::<PathBuf>());
        let folder = if own.is_dir() { own } else { path.parent().unwrap().to_owned() };
        let text = fs::read_to_string(&path).unwrap();
        // Tests at the end may use whatever they like.
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let (mut uses, mut passes_on) = (Vec::new(), BTreeMap::new());
        for (statement, public) in statements(text) {
            for (used, name) in leaves(&statement) {
                let used = absolute(&used, &parts);
                if public {
                    passes_on.insert(name, used);
                } else {
                    uses.push(used);
                }
            }
        }
        uses.extend(inline(text).into_iter().map(|used| absolute(&used, &parts)));
        files.insert(parts.join("::"), Source { folder, uses, passes_on });
    }
    Crate { files }
}

/// Each `use …;`, and whether it passes on what it names.
fn statements(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        let after = &rest[at + 4..];
        let end = after.find(';').unwrap_or(after.len());
        let named = !after[..end].contains("//") && !after.starts_with("<");
        if named && (before.is_empty() || before.starts_with("pub")) {
            found.push((after[..end].split_whitespace().collect::<Vec<_>>().join(" "), !before.is_empty()));
            rest = &after[end..];
        } else {
            rest = after;
        }
    }
    found
}

/// What a tree of names names: the path, and the name it has afterwards.
fn leaves(tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = path.strip_suffix("::self").unwrap_or(path);
        let name = if alias.is_empty() { path.rsplit("::").next().unwrap_or_default() } else { alias };
        return vec![(path.to_owned(), name.to_owned())];
    };
    let (head, inner) = (&tree[..open], &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())]);
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in inner.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| leaves(&format!("{head}{part}"))).collect()
}

/// Paths that begin at the crate in the middle of code.
fn inline(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("use "));
    let words = lines.flat_map(|line| line.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter))));
    let words = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    words.map(str::to_owned).collect()
}

/// A path from the root of the crate.
fn absolute(path: &str, own: &[String]) -> String {
    if let Some(path) = path.strip_prefix("crate::") {
        return path.to_owned();
    }
    let (mut place, mut rest) = (own.to_vec(), path);
    while let Some((up, after)) = rest.split_once("::").filter(|(first, _)| matches!(*first, "super" | "self")) {
        if up == "super" {
            place.pop();
        }
        rest = after;
    }
    // Another crate's name leads to the file itself, as a child does that no file is for.
    place.extend(rest.split("::").map(str::to_owned));
    place.join("::")
}

impl Crate {
    /// The files a path leads to, through what is passed on.
    fn targets(&self, path: &str, depth: usize) -> BTreeSet<&str> {
        let mut parts: Vec<&str> = path.split("::").collect();
        let mut beyond = None;
        loop {
            if let Some((module, source)) = self.files.get_key_value(&parts.join("::")).filter(|_| !parts.is_empty()) {
                let through = match beyond {
                    // The room itself: all that it passes on.
                    None | Some("*") => source.passes_on.values().collect::<Vec<_>>(),
                    Some(name) => source.passes_on.get(name).into_iter().collect(),
                };
                let further = through.into_iter().filter(|_| depth > 0);
                let found: BTreeSet<_> = further.flat_map(|path| self.targets(path, depth - 1)).collect();
                return if found.is_empty() { BTreeSet::from([module.as_str()]) } else { found };
            }
            match parts.pop() {
                Some(name) => beyond = Some(name),
                None => return BTreeSet::new(),
            }
        }
    }

    fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let of = |module: &str, source: &Source| {
            let found: BTreeSet<_> = source.uses.iter().flat_map(|used| self.targets(used, 4)).collect();
            found.into_iter().filter(|found| *found != module).collect::<BTreeSet<_>>()
        };
        self.files.iter().map(|(module, source)| (module.as_str(), of(module, source))).collect()
    }
}

impl Crate {
    /// Whether two files are in one room: a folder, with those inside it. The root of the crate is a room without them.
    fn one_room(&self, one: &str, other: &str) -> bool {
        let (one, other) = (&self.files[one].folder, &self.files[other].folder);
        let holds = |outer: &PathBuf, inner: &PathBuf| !outer.ends_with("src") && inner.starts_with(outer);
        one == other || holds(one, other) || holds(other, one)
    }
}

/// All that is reached from each file, itself only by a circle.
fn reach<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let from = |start: &'a str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(at) = open.pop() {
            open.extend(arrows[at].iter().filter(|next| seen.insert(**next)));
        }
        seen
    };
    arrows.keys().map(|file| (*file, from(file))).collect()
}

#[test]
fn no_circle_leads_through_two_rooms() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut circles = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        let entry = entry.unwrap();
        let (name, root) = (entry.file_name().into_string().unwrap(), entry.path().join("src"));
        if !root.is_dir() {
            continue;
        }
        let read = read(&root);
        let arrows = read.arrows();
        let reach = reach(&arrows);
        for (file, targets) in &arrows {
            let back = targets.iter().filter(|target| reach[**target].contains(file) && !read.one_room(file, target));
            circles.extend(back.map(|target| format!("{name}: {file} -> {target}")));
        }
    }
    assert!(circles.is_empty(), "{} arrows are parts of circles:\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn names_are_followed_to_the_file_they_are_in() {
    let named = |text: &str| leaves(text).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(named("crate::{a::{self, B}, c::D as E}"), ["crate::a", "crate::a::B", "crate::c::D"]);
    let own = ["run".to_owned(), "steps".to_owned()];
    assert_eq!(absolute("super::state::X", &own), "run::state::X");
    let source = |uses: &[&str], passes_on: &[(&str, &str)]| Source {
        folder: PathBuf::new(),
        uses: uses.iter().map(|used| (*used).to_owned()).collect(),
        passes_on: passes_on.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect(),
    };
    let files = [
        ("a".to_owned(), source(&[], &[("X", "a::inner::X")])),
        ("a::inner".to_owned(), source(&["b::Y"], &[])),
        ("b".to_owned(), source(&["a::X"], &[])),
    ];
    let read = Crate { files: files.into() };
    assert_eq!(read.arrows()["b"], BTreeSet::from(["a::inner"]));
    assert!(reach(&read.arrows())["b"].contains("b"));
}
