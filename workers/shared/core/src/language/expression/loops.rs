//! Evaluates loops over lists, sets and the keys of maps: `all`, `exists`, `exists_one`, `map` and `filter`.

use crate::item::value::Value;
use crate::language::expression::datum::{Datum, Evaluated};
use crate::language::expression::error::EvaluationError;
use crate::language::expression::evaluate::Evaluation;
use crate::language::expression::node::Node;
use std::rc::Rc;

impl<'v> Evaluation<'v> {
    /// Runs the body of a loop for each element of the range, until the body returns false.
    fn each(
        &self,
        range: &'v Node,
        mut body: impl FnMut(&Datum<'v>) -> Result<bool, EvaluationError>,
    ) -> Result<(), EvaluationError> {
        let range = self.value(range)?;
        let mut enter = |element: Datum<'v>| {
            self.locals.borrow_mut().push(element.clone());
            let more = body(&element);
            self.locals.borrow_mut().pop();
            more
        };
        match range {
            Datum::Ref(value) => {
                for element in elements(value)? {
                    if !enter(element)? {
                        return Ok(());
                    }
                }
            }
            range => {
                for element in owned_elements(range.into_value()?)? {
                    if !enter(Datum::Shared(Rc::new(element)))? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the body gives `wanted` for at least one element. If it does, errors of other elements are ignored, as in
    /// CEL.
    pub(super) fn search(&self, range: &'v Node, body: &'v Node, wanted: bool) -> Result<bool, EvaluationError> {
        let (mut found, mut error) = (false, None);
        self.each(range, |_| {
            match self.holds(body) {
                Ok(holds) => found = holds == wanted,
                Err(EvaluationError::TooCostly) => return Err(EvaluationError::TooCostly),
                Err(first) => drop(error.get_or_insert(first)),
            }
            Ok(!found)
        })?;
        match error {
            Some(error) if !found => Err(error),
            _ => Ok(found),
        }
    }

    /// For how many elements the body gives true.
    pub(super) fn count(&self, range: &'v Node, body: &'v Node) -> Result<usize, EvaluationError> {
        let mut count = 0;
        self.each(range, |_| {
            count += usize::from(self.holds(body)?);
            Ok(true)
        })?;
        Ok(count)
    }

    /// The list of what `element` gives for each element for which `when` is true.
    pub(super) fn collect(&self, range: &'v Node, when: Option<&'v Node>, element: &'v Node) -> Evaluated<'v> {
        let mut list = Vec::new();
        self.each(range, |_| {
            if when.map_or(Ok(true), |when| self.holds(when))? {
                let value = self.owned(element)?;
                self.budget.charge(8)?;
                list.push(value);
            }
            Ok(true)
        })?;
        Ok(Datum::Own(Value::L(list)))
    }
}

/// What a loop runs over: the elements of a list or a set, or the keys of a map.
fn elements(value: &Value) -> Result<Box<dyn Iterator<Item = Datum<'_>> + '_>, EvaluationError> {
    let string = |string: &String| Datum::Own(Value::S(string.clone()));
    Ok(match value {
        Value::L(list) => Box::new(list.iter().map(Datum::Ref)),
        Value::Ss(set) => Box::new(set.iter().map(string)),
        Value::Ns(set) => Box::new(crate::item::numbers::ascending(set).into_iter().map(|n| Datum::Own(Value::N(n)))),
        Value::Bs(set) => Box::new(set.iter().map(|bytes| Datum::Own(Value::B(bytes.clone())))),
        Value::M(map) => Box::new(map.keys().map(string)),
        other => return Err(EvaluationError::wrong_type("a loop", &[Some(other)])),
    })
}

fn owned_elements(value: Value) -> Result<Vec<Value>, EvaluationError> {
    match value {
        Value::L(list) => Ok(list),
        Value::M(map) => Ok(map.into_keys().map(Value::S).collect()),
        other => elements(&other)?.map(Datum::into_value).collect(),
    }
}
