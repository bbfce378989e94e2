//! The functions that [`super::harden`] plants in a syntax tree. They bound what JSONata's own limits do not see: the
//! size of text that is joined, padded or replaced, of values shared many times over, and the clock.

use super::{
    carried, limits,
    natives::{self, Url},
};
use crate::time::Timestamp;
use jsonata_core::{
    evaluator::{Evaluator, EvaluatorError},
    value::{JValue, with_stack},
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// The planted functions. A `:` cannot be part of a name that somebody writes, so nobody can call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Passes its argument when it is small enough; the second argument, when given, says how small.
    Bound,
    /// As `Bound`, and remembers how long the text, or how many the items.
    Push,
    /// The text that will be repeated as often as the last `Push` was long.
    Times,
    /// The end of a range whose start was the last `Push`.
    RangeEnd,
    /// Passes the result of a mapped step and counts its items.
    Step,
    /// A width for `$pad`.
    Width,
    /// Text that a regular expression will search.
    Text,
    /// A picture for `$fromMillis`.
    Picture,
    /// A picture for `$toMillis`, which must name a whole date.
    DatePicture,
    /// The time of the scope.
    Millis,
    /// A function that a workflow may not use.
    Refused,
    /// Text that `$replace` takes from the context.
    Subject,
    /// A pattern or a replacement for `$replace`.
    Pattern,
    /// A function that a function takes.
    Callback,
    /// A time for `$fromMillis`, without parts of a millisecond.
    Whole,
    /// A zone for `$fromMillis`, after the time.
    Zone,
    /// The time that `$toMillis` read, in a zone.
    Local,
    /// The text for `$toMillis`, before its picture.
    Stamp,
    /// Text for `$number`.
    NumberText,
    /// A number that must be one to the evaluator: none that is carried for its digits.
    Exact,
    /// A carried number becomes the text of its digits.
    Digits,
    /// `$encodeUrl` and its kin.
    Url(Url),
}

impl Guard {
    pub(super) const ALL: [Self; 25] = [
        Self::Bound,
        Self::Push,
        Self::Times,
        Self::RangeEnd,
        Self::Step,
        Self::Width,
        Self::Text,
        Self::Picture,
        Self::DatePicture,
        Self::Millis,
        Self::Refused,
        Self::Subject,
        Self::Pattern,
        Self::Callback,
        Self::Whole,
        Self::Zone,
        Self::Local,
        Self::Stamp,
        Self::NumberText,
        Self::Exact,
        Self::Digits,
        Self::Url(Url::Encode),
        Self::Url(Url::EncodeComponent),
        Self::Url(Url::Decode),
        Self::Url(Url::DecodeComponent),
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bound => "guard:bound",
            Self::Push => "guard:push",
            Self::Times => "guard:times",
            Self::RangeEnd => "guard:range",
            Self::Step => "guard:step",
            Self::Width => "guard:width",
            Self::Text => "guard:text",
            Self::Picture => "guard:picture",
            Self::DatePicture => "guard:date",
            Self::Millis => "guard:millis",
            Self::Refused => "guard:refused",
            Self::Subject => "guard:subject",
            Self::Pattern => "guard:pattern",
            Self::Callback => "guard:callback",
            Self::Whole => "guard:whole",
            Self::Zone => "guard:zone",
            Self::Local => "guard:local",
            Self::Stamp => "guard:stamp",
            Self::NumberText => "guard:number",
            Self::Exact => "guard:exact",
            Self::Digits => "guard:digits",
            Self::Url(Url::Encode) => "guard:encodeUrl",
            Self::Url(Url::EncodeComponent) => "guard:encodeUrlComponent",
            Self::Url(Url::Decode) => "guard:decodeUrl",
            Self::Url(Url::DecodeComponent) => "guard:decodeUrlComponent",
        }
    }

    fn bit(self) -> u32 {
        let place = Self::ALL.iter().position(|guard| *guard == self).unwrap_or_default();
        1 << place
    }
}

/// A set of guards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Guards(u32);

impl Guards {
    pub(super) fn insert(&mut self, guard: Guard) {
        self.0 |= guard.bit();
    }

    fn contains(self, guard: Guard) -> bool {
        self.0 & guard.bit() != 0
    }
}

/// What one evaluation remembers between guards.
#[derive(Default)]
struct Ledger {
    /// Lengths waiting for their `Times` or `RangeEnd`.
    pushed: Vec<f64>,
    /// Items produced so far.
    produced: usize,
    /// Weights of large containers, with the container so that its address stays taken.
    weights: HashMap<*const JValue, (usize, JValue)>,
}

/// Marks an error of ours so that its kind can be told from the text.
pub(super) const SIZE: &str = "guard:size ";
pub(super) const DEPTH: &str = "guard:depth ";

fn size(message: impl std::fmt::Display) -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("{SIZE}{message}"))
}

/// Gives the evaluator the guards that its tree needs.
pub(super) fn register(evaluator: &mut Evaluator, guards: Guards, now: Timestamp) -> Result<(), EvaluatorError> {
    if guards == Guards::default() {
        return Ok(());
    }
    let ledger = Rc::new(RefCell::new(Ledger::default()));
    for guard in Guard::ALL.into_iter().filter(|guard| guards.contains(*guard)) {
        let ledger = Rc::clone(&ledger);
        evaluator.register_fn(guard.name(), move |arguments: &[JValue]| {
            run(guard, arguments, &mut ledger.borrow_mut(), now)
        })?;
    }
    Ok(())
}

fn run(guard: Guard, arguments: &[JValue], ledger: &mut Ledger, now: Timestamp) -> Result<JValue, EvaluatorError> {
    let value = arguments.first().unwrap_or(&JValue::Undefined);
    match guard {
        Guard::Bound => {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let limit =
                arguments.get(1).and_then(JValue::as_f64).map_or(limits::VALUE_WEIGHT_MAX, |limit| limit as usize);
            ledger.bound(value, limit)?;
        }
        Guard::Push => {
            ledger.bound(value, limits::VALUE_WEIGHT_MAX)?;
            ledger.pushed.push(extent(value));
        }
        Guard::Times => ledger.times(value)?,
        Guard::RangeEnd => ledger.range_end(value)?,
        Guard::Step => {
            ledger.bound(value, limits::VALUE_WEIGHT_MAX)?;
            ledger.produce(value.as_array().map_or(1, Vec::len))?;
        }
        Guard::Width => width(value)?,
        Guard::Text => text(value)?,
        Guard::Subject if value.as_str().is_none() => {
            return Err(natives::failed("T0411: $replace has no text to replace in"));
        }
        Guard::Callback if !value.is_function() => {
            return Err(natives::failed("T0410: this argument must be a function"));
        }
        Guard::Pattern if !value.is_string() && !value.is_function() && !value.is_regex() && !value.is_undefined() => {
            return Err(natives::failed("T0410: $replace takes a text or a function here"));
        }
        Guard::Subject | Guard::Pattern | Guard::Callback => {}
        Guard::Whole => return Ok(value.as_f64().map_or_else(|| value.clone(), |time| JValue::Number(time.trunc()))),
        Guard::Zone => return natives::zone(arguments),
        Guard::Local => return natives::local(arguments),
        Guard::Stamp => return natives::stamp(arguments),
        Guard::NumberText => natives::number_text(value)?,
        Guard::Exact => carried::refuse(value)?,
        Guard::Digits => return carried::digits(value),
        Guard::Url(url) => return natives::url(url, arguments),
        Guard::Picture => picture(value)?,
        Guard::DatePicture => date_picture(value)?,
        #[allow(clippy::cast_precision_loss)]
        Guard::Millis => return Ok(JValue::Number(now.0 as f64)),
        Guard::Refused => {
            let name = value.as_str().unwrap_or_default();
            return Err(EvaluatorError::EvaluationError(format!("${name} may not be used in a workflow")));
        }
    }
    Ok(value.clone())
}

/// A number as itself, text and arrays by length: what `Times` and `RangeEnd` work with.
#[allow(clippy::cast_precision_loss)]
fn extent(value: &JValue) -> f64 {
    match value {
        JValue::Number(number) => *number,
        JValue::String(text) => text.len() as f64 + 1.0,
        JValue::Array(items) => items.len() as f64,
        JValue::Null
        | JValue::Bool(_)
        | JValue::Object(_)
        | JValue::Undefined
        | JValue::Lambda(_)
        | JValue::Builtin { .. }
        | JValue::Regex { .. } => 1.0,
    }
}

impl Ledger {
    fn produce(&mut self, items: usize) -> Result<(), EvaluatorError> {
        self.produced = self.produced.saturating_add(items);
        if self.produced > limits::PRODUCED_ITEMS_MAX {
            return Err(size(format_args!("the expression makes more than {} items", limits::PRODUCED_ITEMS_MAX)));
        }
        Ok(())
    }

    #[allow(clippy::cast_precision_loss)]
    fn times(&mut self, value: &JValue) -> Result<(), EvaluatorError> {
        let times = self.pushed.pop().unwrap_or(f64::INFINITY);
        let each = value.as_str().map_or(0.0, |text| text.len() as f64);
        if each > 0.0 && times * each > 8.0 * limits::VALUE_WEIGHT_MAX as f64 {
            return Err(size("the text would become too long"));
        }
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn range_end(&mut self, value: &JValue) -> Result<(), EvaluatorError> {
        let start = self.pushed.pop().unwrap_or(0.0);
        if !value.is_undefined() && !value.is_number() {
            return Err(natives::failed("T2004: the end of a range must be a whole number"));
        }
        let items = value.as_f64().map_or(0.0, |end| end - start + 1.0);
        self.produce(if items > 0.0 { items as usize } else { 0 })
    }

    /// Refuses a value heavier than `limit` or nested too deep.
    fn bound(&mut self, value: &JValue, limit: usize) -> Result<(), EvaluatorError> {
        let weight = self.weigh(value, limit, 0)?;
        if weight > limit {
            return Err(size(format_args!("a value is larger than {limit} bytes")));
        }
        Ok(())
    }

    /// The weight, or something above `limit` as soon as it is known to be above.
    fn weigh(&mut self, value: &JValue, limit: usize, depth: usize) -> Result<usize, EvaluatorError> {
        /// Containers lighter than this are weighed again each time.
        const REMEMBER: usize = 4 * 1024;
        if depth > limits::VALUE_DEPTH_MAX {
            let max = limits::VALUE_DEPTH_MAX;
            let message = format!("{DEPTH}a value is nested deeper than {max} levels");
            return Err(EvaluatorError::EvaluationError(message));
        }
        let address: *const JValue = match value {
            JValue::String(text) => return Ok(16 + text.len()),
            JValue::Array(items) if !items.is_empty() => items.as_ptr(),
            JValue::Object(members) => match members.first() {
                Some((_, first)) => first,
                None => return Ok(16),
            },
            JValue::Array(_)
            | JValue::Null
            | JValue::Bool(_)
            | JValue::Number(_)
            | JValue::Undefined
            | JValue::Lambda(_)
            | JValue::Builtin { .. }
            | JValue::Regex { .. } => return Ok(16),
        };
        if let Some((weight, _)) = self.weights.get(&address) {
            return Ok(*weight);
        }
        let weight = with_stack(|| self.weigh_members(value, limit, depth))?;
        if weight >= REMEMBER && weight <= limit {
            self.weights.insert(address, (weight, value.clone()));
        }
        Ok(weight)
    }

    fn weigh_members(&mut self, value: &JValue, limit: usize, depth: usize) -> Result<usize, EvaluatorError> {
        let mut total = 16;
        if let Some(items) = value.as_array() {
            for item in items {
                total += self.weigh(item, limit, depth + 1)?;
                if total > limit {
                    break;
                }
            }
        } else if let Some(members) = value.as_object() {
            for (name, member) in members {
                total += name.len() + self.weigh(member, limit, depth + 1)?;
                if total > limit {
                    break;
                }
            }
        }
        Ok(total)
    }
}

#[allow(clippy::cast_precision_loss)]
fn width(value: &JValue) -> Result<(), EvaluatorError> {
    match value.as_f64() {
        Some(width) if width.abs() > limits::PAD_WIDTH_MAX as f64 => {
            Err(size(format_args!("$pad makes at most {} characters", limits::PAD_WIDTH_MAX)))
        }
        _ => Ok(()),
    }
}

fn text(value: &JValue) -> Result<(), EvaluatorError> {
    const TEXT_BYTES_MAX: usize = 256 * 1024;
    match value.as_str() {
        Some(text) if text.len() > TEXT_BYTES_MAX => {
            Err(size(format_args!("a regular expression searches at most {TEXT_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

/// A picture names widths after a comma; a width of millions would be filled with zeros.
fn picture(value: &JValue) -> Result<(), EvaluatorError> {
    const PICTURE_BYTES_MAX: usize = 256;
    let Some(picture) = value.as_str() else { return Ok(()) };
    let longest = picture.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    if picture.len() > PICTURE_BYTES_MAX || longest > 16 || picture.split(',').skip(1).any(wide) {
        return Err(size("the picture is too wide"));
    }
    Ok(())
}

/// Whether one of the numbers of a width (`min-max`) has more than three digits.
fn wide(after_comma: &str) -> bool {
    let width = after_comma.split(']').next().unwrap_or_default();
    width.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 3)
}

/// What a picture leaves out is taken from the clock when it is a higher unit than what it names.
fn date_picture(value: &JValue) -> Result<(), EvaluatorError> {
    picture(value)?;
    match value.as_str() {
        Some(picture) if !picture.contains("[Y") && !picture.contains("[X") => Err(EvaluatorError::EvaluationError(
            "$toMillis needs a picture with a year: the rest would come from the clock".to_owned(),
        )),
        Some(picture) if short_year(picture) => {
            Err(natives::failed("D3136: a year of two digits does not say its century: $toMillis needs all four"))
        }
        _ => Ok(()),
    }
}

/// Whether a picture takes a year of two digits.
fn short_year(picture: &str) -> bool {
    let years = picture.split("[Y").skip(1).filter_map(|rest| rest.split(']').next());
    years.into_iter().any(|year| {
        let (digits, width) = year.split_once(',').map_or((year, None), |(digits, width)| (digits, Some(width)));
        let longest = width.map(|width| width.rsplit('-').next().unwrap_or_default().trim());
        longest.is_some_and(|longest| matches!(longest, "1" | "2"))
            || (width.is_none() && digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()))
    })
}
