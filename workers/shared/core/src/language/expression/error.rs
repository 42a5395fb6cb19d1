//! Why an expression does not compile, and why it has no result for an item.

use crate::item::value::Value;
use thiserror::Error;

/// The longest text of an expression, in bytes.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// How many brackets may be open at once.
pub const MAX_OPEN_BRACKETS: usize = 24;

/// Why an expression does not compile.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The text is not CEL.
    #[error("it is not a CEL expression")]
    Syntax(#[source] cel::ParseErrors),
    /// A text that the parser cannot read and cannot say why.
    #[error("it is not a CEL expression")]
    Unreadable,
    /// No thread could be started to parse it.
    #[error("no thread can be started to parse it; the machine is out of memory or threads")]
    Thread(#[source] std::io::Error),
    /// The text is longer than any expression.
    #[error("it has {bytes} bytes, more than the {} that an expression may have", MAX_TEXT_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text nests too deep.
    #[error("it nests too deep; an expression may have {} brackets open at once", MAX_OPEN_BRACKETS)]
    TooDeep,
    /// Loops within loops within loops.
    #[error("it has a loop within a loop within a loop; two are as deep as an expression may go")]
    TooManyLoops,
    /// A number with a fraction that has too many digits to be read exactly.
    #[error("it has the number {0}, which would be rounded when it is read; write decimal('{0}')")]
    LongNumber(String),
    /// A name that is neither `item` nor `key` nor bound by a macro.
    #[error("it names `{0}`, which does not exist; write `item.{0}` for the attribute, or quote it for a text")]
    UnknownName(String),
    /// A loop variable that hides the item.
    #[error("it calls a loop's variable `{0}`, which means something else; choose another name")]
    Shadowed(String),
    /// A function that does not exist.
    #[error("it calls `{0}()`, which does not exist")]
    UnknownFunction(String),
    /// A function that is called with the wrong number of arguments.
    #[error("it calls `{function}()` with other arguments than `{function}{takes}`")]
    Arguments {
        /// The function.
        function: String,
        /// Its arguments.
        takes: &'static str,
    },
    /// A plain function that is called as a method.
    #[error("it calls `{0}()` as a method; write `{0}(...)` with the value as its first argument")]
    NoMethod(String),
    /// A method that is called as a plain function.
    #[error("it calls `{0}()` as a function; write `value.{0}(...)`")]
    Method(String),
    /// `item` or `key` as a whole.
    #[error("it uses `{0}` as a whole; name the attribute that it reads, as in `{0}.name` or `{0}[\"name\"]`")]
    WholeItem(String),
    /// A pattern that depends on the item.
    #[error("it computes the pattern of `{0}()`; write the pattern as a fixed text")]
    ComputedPattern(String),
    /// A pattern that is no regular expression, or too large a one.
    #[error("it has a pattern that is no regular expression, or too large a one")]
    Pattern(#[source] Box<regex::Error>),
    /// Syntax that expressions over items have no use for.
    #[error("it uses {0}, which expressions over items do not have")]
    Unsupported(&'static str),
}

/// Why an expression has no result for an item. No message holds an attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// Something cannot be answered for this item.
    #[error("{0}")]
    Execution(String),
    /// A condition gave something else than true or false.
    #[error("gives no boolean")]
    NotBoolean,
    /// The evaluation was cut off.
    #[error("costs too much for this item: it was cut off; loop over less, or match shorter texts")]
    TooCostly,
}

impl EvaluationError {
    /// An operation on values of types that it does not take.
    pub(crate) fn wrong_type(operation: &str, given: &[Option<&Value>]) -> Self {
        let types: Vec<&str> = given.iter().map(|value| value.map_or("N", Value::type_name)).collect();
        Self::Execution(format!("{operation} cannot be applied to ({})", types.join(", ")))
    }

    /// A result that DynamoDB cannot hold without rounding.
    pub(crate) fn inexact() -> Self {
        Self::Execution("the result has no exact form of at most 38 digits; it would have to be rounded".into())
    }
}
