//! CEL expressions over one item: compiled once, run per item.
//!
//! Compiling finds which attributes an expression reads. That set is what the write's condition guards and all that is
//! converted per item, so an expression must name attributes: `item` as a whole, or an attribute chosen by another
//! value, is refused.

use super::fast::{Give, Test};
use super::functions::{OWN, ROOT, STANDARD, SetValue};
use super::numbers::{self, ExactNumber};
use crate::filter::Filter;
use crate::value::{Binary, Item, Value};
use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::objects::Key;
use cel::{Program, Value as Cel};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use thiserror::Error;

/// Why an expression does not compile.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The text is not CEL.
    #[error("it is not a CEL expression")]
    Syntax(#[source] cel::ParseErrors),
    /// A name that is neither `item` nor `key` nor bound by a macro.
    #[error("it names `{0}`, which does not exist; write `item.{0}` for the attribute, or quote it for a text")]
    UnknownName(String),
    /// A function that does not exist.
    #[error("it calls `{0}()`, which does not exist")]
    UnknownFunction(String),
    /// `item` or `key` as a whole.
    #[error("it uses `{0}` as a whole; name the attribute that it reads, as in `{0}.name` or `{0}[\"name\"]`")]
    WholeItem(String),
}

/// Why an expression has no result for an item.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// CEL stopped with an error. The message is capped and holds no attribute value.
    #[error("{0}")]
    Execution(String),
    /// The result has no DynamoDB form.
    #[error("gives {0}, which no DynamoDB attribute can hold")]
    Unrepresentable(&'static str),
    /// A condition gave something else than true or false.
    #[error("gives no boolean")]
    NotBoolean,
}

/// What an expression is evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'i> {
    /// The item, as the steps before left it.
    pub item: &'i Item,
    /// The item's key attributes, or the item as it was read.
    pub key: &'i Item,
    /// The element of a list that a step is at.
    pub element: Option<&'i Value>,
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    source: String,
    program: Arc<Program>,
    reads: BTreeSet<String>,
    key_reads: BTreeSet<String>,
    give: Option<Give>,
    test: Option<Test>,
}

impl Expression {
    /// Compiles CEL over `item` and `key`.
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        let program = Program::compile(source).map_err(CompileError::Syntax)?;
        let mut names = Names::default();
        names.visit(program.expression(), &mut Vec::new())?;
        let (give, test) = (Give::of(program.expression()), Test::of(program.expression()));
        Ok(Self {
            source: source.into(),
            program: Arc::new(program),
            reads: names.item,
            key_reads: names.key,
            give,
            test,
        })
    }

    /// Compiles CEL over `item`, `key` and `element`.
    pub fn compile_for_element(source: &str) -> Result<Self, CompileError> {
        Self::compile(source)
    }

    /// The attributes that this expression reads of `key`.
    pub fn key_reads(&self) -> &BTreeSet<String> {
        &self.key_reads
    }

    /// As [`value`](Self::value), where key and item differ.
    pub fn value_in(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        self.value(scope.item)
    }

    /// As [`holds`](Self::holds), where key and item differ.
    pub fn holds_in(&self, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
        self.holds(scope.item)
    }

    /// The text as the author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The syntax tree.
    pub(crate) fn root(&self) -> &IdedExpr {
        self.program.expression()
    }

    /// What DynamoDB can be told of the items for which this expression is not false.
    pub fn filter(&self) -> Option<Filter> {
        Filter::of(self.program.expression())
    }

    /// The top-level attributes of `item` that this expression reads.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The result for an item as a DynamoDB value. A plain path, such as `item.address`, gives the very value, whatever
    /// its type; everything else passes through CEL.
    pub fn value(&self, item: &Item) -> Result<Value, EvaluationError> {
        match &self.give {
            Some(give) if give.is_path() => {
                give.value(item).ok_or_else(|| EvaluationError::Execution(format!("`{}` is missing", self.source)))
            }
            Some(give) => give.value(item).map_or_else(|| from_cel(self.run(item)?), Ok),
            None => from_cel(self.run(item)?),
        }
    }

    /// The result for an item as a condition.
    pub fn holds(&self, item: &Item) -> Result<bool, EvaluationError> {
        if let Some(holds) = self.test.as_ref().and_then(|test| test.holds(item)) {
            return Ok(holds);
        }
        self.holds_in_cel(item)
    }

    fn holds_in_cel(&self, item: &Item) -> Result<bool, EvaluationError> {
        match self.run(item)? {
            Cel::Bool(holds) => Ok(holds),
            _ => Err(EvaluationError::NotBoolean),
        }
    }

    fn run(&self, item: &Item) -> Result<Cel, EvaluationError> {
        let mut scope = ROOT.new_inner_scope();
        scope.add_variable_from_value("item", view(item, &self.reads));
        if !self.key_reads.is_empty() {
            scope.add_variable_from_value("key", view(item, &self.key_reads));
        }
        self.program.execute(&scope).map_err(|error| EvaluationError::Execution(describe(&error)))
    }
}

/// What CEL's error says, without the attribute values that its text would carry.
fn describe(error: &cel::ExecutionError) -> String {
    use cel::ExecutionError as E;
    match error {
        E::NoSuchKey(name) => format!("`{name}` is missing; ask has(...) first, or leave such items out by `where`"),
        // Only the messages of our own functions are known to hold no value.
        E::FunctionError { function, message } if OWN.contains(&function.as_str()) => {
            format!("{function}(): {message}")
        }
        E::FunctionError { function, .. } => format!("{function}() cannot be applied to this value"),
        E::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(", ");
            format!("{} cannot be applied to ({types})", overload.function())
        }
        E::UndeclaredReference(name) => format!("`{name}` does not exist"),
        E::IndexOutOfBounds(_) => "an index is out of bounds".into(),
        E::DivisionByZero(_) | E::RemainderByZero(_) => "a division by zero".into(),
        E::Overflow(operator, ..) => format!("`{operator}` overflows 64 bits"),
        _ => "a value is of a type that this operation does not take".into(),
    }
}

/// The attributes of an item that an expression reads, as a CEL map.
fn view(item: &Item, names: &BTreeSet<String>) -> Cel {
    let entries = names.iter().filter_map(|name| item.get_key_value(name));
    Cel::Map(entries.map(|(name, value)| (Key::from(name.clone()), to_cel(value))).collect::<HashMap<_, _>>().into())
}

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::S(text) => Cel::from(text.clone()),
        Value::N(text) => numbers::to_cel(text),
        Value::B(bytes) => Cel::Bytes(Arc::new(bytes.0.clone())),
        Value::Bool(b) => Cel::Bool(*b),
        Value::Null(_) => Cel::Null,
        Value::M(map) => {
            Cel::Map(map.iter().map(|(name, v)| (Key::from(name.clone()), to_cel(v))).collect::<HashMap<_, _>>().into())
        }
        Value::L(list) => Cel::List(Arc::new(list.iter().map(to_cel).collect())),
        Value::Ss(set) => Cel::List(Arc::new(set.iter().map(|text| Cel::from(text.clone())).collect())),
        Value::Ns(set) => Cel::List(Arc::new(set.iter().map(|text| numbers::to_cel(text)).collect())),
        Value::Bs(set) => Cel::List(Arc::new(set.iter().map(|b| Cel::Bytes(Arc::new(b.0.clone()))).collect())),
    }
}

fn from_cel(value: Cel) -> Result<Value, EvaluationError> {
    Ok(match value {
        Cel::Int(i) => Value::N(i.to_string()),
        Cel::UInt(u) => Value::N(u.to_string()),
        Cel::Float(f) => {
            Value::N(numbers::from_float(f).ok_or(EvaluationError::Unrepresentable("a number out of range"))?)
        }
        Cel::String(text) => Value::S(text.to_string()),
        Cel::Bytes(bytes) => Value::B(Binary(bytes.to_vec())),
        Cel::Bool(b) => Value::Bool(b),
        Cel::Null => Value::Null(true),
        Cel::List(list) => Value::L(list.iter().cloned().map(from_cel).collect::<Result<_, _>>()?),
        Cel::Map(map) => Value::M(map_from_cel(&map)?),
        Cel::Opaque(opaque) => opaque_from_cel(opaque.as_ref())?,
        _ => return Err(EvaluationError::Unrepresentable("a value of CEL's own")),
    })
}

fn map_from_cel(map: &cel::objects::Map) -> Result<BTreeMap<String, Value>, EvaluationError> {
    let entries = map.map.iter().map(|(key, value)| match key {
        Key::String(name) => Ok((name.to_string(), from_cel(value.clone())?)),
        _ => Err(EvaluationError::Unrepresentable("a map whose keys are no texts")),
    });
    entries.collect()
}

fn opaque_from_cel(opaque: &dyn cel::objects::Opaque) -> Result<Value, EvaluationError> {
    if let Some(number) = opaque.downcast_ref::<ExactNumber>() {
        return Ok(Value::N(number.0.clone()));
    }
    match opaque.downcast_ref::<SetValue>() {
        Some(SetValue::Strings(set)) => Ok(Value::Ss(set.clone())),
        Some(SetValue::Numbers(set)) => Ok(Value::Ns(set.clone())),
        Some(SetValue::Binaries(set)) => Ok(Value::Bs(set.clone())),
        None => Err(EvaluationError::Unrepresentable("a value of CEL's own")),
    }
}

/// The attributes that an expression reads, found by a walk over its syntax tree.
#[derive(Default)]
struct Names {
    item: BTreeSet<String>,
    key: BTreeSet<String>,
}

impl Names {
    fn visit<'e>(&mut self, node: &'e IdedExpr, bound: &mut Vec<&'e str>) -> Result<(), CompileError> {
        if let Some((variable, attribute)) = attribute_of(node, bound) {
            let reads = if variable == "item" { &mut self.item } else { &mut self.key };
            reads.insert(attribute.to_owned());
            return Ok(());
        }
        match &node.expr {
            Expr::Ident(name) => known(name, bound),
            Expr::Select(select) => self.visit(&select.operand, bound),
            Expr::Call(call) => {
                known_function(&call.func_name)?;
                call.target.iter().map(AsRef::as_ref).chain(&call.args).try_for_each(|part| self.visit(part, bound))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|part| self.visit(part, bound)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                cel::common::ast::EntryExpr::MapEntry(e) => {
                    self.visit(&e.key, bound).and_then(|()| self.visit(&e.value, bound))
                }
                cel::common::ast::EntryExpr::StructField(f) => self.visit(&f.value, bound),
            }),
            Expr::Comprehension(loop_) => {
                self.visit(&loop_.iter_range, bound)?;
                let outer = bound.len();
                bound.extend([loop_.iter_var.as_str(), loop_.accu_var.as_str()]);
                bound.extend(loop_.iter_var2.as_deref());
                let parts = [&loop_.accu_init, &loop_.loop_cond, &loop_.loop_step, &loop_.result];
                let visited = parts.into_iter().try_for_each(|part| self.visit(part, bound));
                bound.truncate(outer);
                visited
            }
            Expr::Struct(_) => Err(CompileError::UnknownFunction("message construction".into())),
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }
}

/// `item.name` or `item["name"]`: the variable and the attribute.
fn attribute_of<'e>(node: &'e IdedExpr, bound: &[&str]) -> Option<(&'e str, &'e str)> {
    let variable = |expr: &'e IdedExpr| match &expr.expr {
        Expr::Ident(name) if (name == "item" || name == "key") && !bound.contains(&name.as_str()) => {
            Some(name.as_str())
        }
        _ => None,
    };
    match &node.expr {
        Expr::Select(select) => Some((variable(&select.operand)?, &select.field)),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(name)), .. }] => {
                Some((variable(of)?, name.inner()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn known(name: &str, bound: &[&str]) -> Result<(), CompileError> {
    match name {
        _ if bound.contains(&name) || name.starts_with('@') => Ok(()),
        "item" | "key" => Err(CompileError::WholeItem(name.into())),
        _ => Err(CompileError::UnknownName(name.into())),
    }
}

fn known_function(name: &str) -> Result<(), CompileError> {
    let operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
    if operator || OWN.contains(&name) || STANDARD.contains(&name) {
        return Ok(());
    }
    Err(CompileError::UnknownFunction(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(json: &str) -> Item {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_attributes_that_an_expression_reads_are_known() {
        let e =
            Expression::compile(r#"has(item.a) && item["b c"].d == 1 && [1].exists(x, x == item.e) && key.pk == 's'"#)
                .unwrap();
        assert_eq!(e.reads().iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b c", "e"]);
    }

    #[test]
    fn unknown_names_functions_and_whole_items_are_refused() {
        assert!(matches!(Expression::compile("address == 'x'"), Err(CompileError::UnknownName(n)) if n == "address"));
        assert!(matches!(Expression::compile("frob(item.a)"), Err(CompileError::UnknownFunction(n)) if n == "frob"));
        assert!(matches!(Expression::compile("size(item) > 1"), Err(CompileError::WholeItem(_))));
        assert!(matches!(Expression::compile("item[item.a]"), Err(CompileError::WholeItem(_))));
        assert!(matches!(Expression::compile("item."), Err(CompileError::Syntax(_))));
    }

    #[test]
    fn a_plain_path_gives_the_very_value_whatever_its_type() {
        let e = Expression::compile("item.m.s").unwrap();
        let i = item(r#"{"m":{"M":{"s":{"NS":["1","12345678901234567890123456789012345678"]}}}}"#);
        assert_eq!(
            e.value(&i).unwrap(),
            Value::Ns(["1".to_string(), "12345678901234567890123456789012345678".into()].into())
        );
    }

    #[test]
    fn extract_gives_the_named_groups_and_no_match_is_an_error_without_the_value() {
        let e = Expression::compile(r"extract(item.a, r'^(?<street>[^,]+), *(?<city>.+)$')").unwrap();
        let got = e.value(&item(r#"{"a":{"S":"1 Main St, Boston"}}"#)).unwrap();
        assert_eq!(serde_json::to_string(&got).unwrap(), r#"{"M":{"city":{"S":"Boston"},"street":{"S":"1 Main St"}}}"#);
        let error = e.value(&item(r#"{"a":{"S":"secret"}}"#)).unwrap_err().to_string();
        assert_eq!(error, "extract(): the pattern does not match");
    }

    #[test]
    fn computing_with_a_number_that_cel_would_round_is_an_error() {
        let e = Expression::compile("item.n + 1").unwrap();
        assert!(e.value(&item(r#"{"n":{"N":"12345678901234567890123456789012345678"}}"#)).is_err());
        assert_eq!(e.value(&item(r#"{"n":{"N":"41"}}"#)).unwrap(), Value::n("42"));
    }

    #[test]
    fn texts_become_exact_numbers() {
        let e = Expression::compile("{'lat': number(item.lat), 'big': number(item.big)}").unwrap();
        let got = e.value(&item(r#"{"lat":{"S":"40.639801"},"big":{"S":"12345678901234567890.5"}}"#)).unwrap();
        assert_eq!(
            serde_json::to_string(&got).unwrap(),
            r#"{"M":{"big":{"N":"12345678901234567890.5"},"lat":{"N":"40.639801"}}}"#
        );
    }

    fn attribute() -> impl Strategy<Value = Value> {
        prop_oneof![
            prop::sample::select(vec!["", "x", "12 Main St, Boston", "1.50", "007", "-3", "nan"]).prop_map(Value::s),
            prop::sample::select(vec!["1", "2", "1.5", "12345678901234567890123456789012345678"]).prop_map(Value::n),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null(true)),
            Just(Value::M(Item::from([("b".into(), Value::s("x")), ("n".into(), Value::n("1"))]))),
            Just(Value::Ss(["x".to_string()].into())),
        ]
    }

    proptest! {
        #[test]
        fn what_is_evaluated_on_the_item_itself_means_what_cel_means(
            values in proptest::collection::vec(proptest::option::of(attribute()), 2),
            which in 0usize..16,
        ) {
            let names = ["a", "m"].into_iter().zip(values);
            let item: Item = names.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
            let tests = [
                "has(item.a)", "!has(item.m)", "has(item.a) && !has(item.m)", "has(item.m.b)", "item.a == 'x'",
                "item.a != 1", "1 == item.a || has(item.m)", "item.m.n == 1", "item.a == true", "item.m.b == ''",
            ];
            let gives = [
                "extract(item.a, r'^(?<no>[0-9]+) (?<street>.+?)(?<rest>,.*)?$')", "number(item.a)", "'x'",
                "{'a': number(item.a), 'b': item.m, 'c': 1}", "{'a': item.a}", "{'a': {'b': true}}",
            ];
            let cel = |e: &Expression| e.run(&item).and_then(from_cel).map_err(|error| error.to_string());
            if let Some(source) = tests.get(which) {
                let e = Expression::compile(source).unwrap();
                prop_assert!(e.test.is_some(), "{}", source);
                let slow = e.holds_in_cel(&item).map_err(|error| error.to_string());
                prop_assert_eq!(e.holds(&item).map_err(|error| error.to_string()), slow, "{}", source);
            } else {
                let e = Expression::compile(gives[which - tests.len()]).unwrap();
                prop_assert!(e.give.is_some());
                prop_assert_eq!(e.value(&item).map_err(|error| error.to_string()), cel(&e));
            }
        }
    }

    #[test]
    fn a_missing_attribute_is_named() {
        let error = Expression::compile("item.a + 'x'").unwrap().value(&Item::new()).unwrap_err().to_string();
        assert!(error.contains("`a` is missing"), "{error}");
    }
}
