//! Loops over lists, sets and the keys of maps.

use crate::item::value::Value;
use crate::language::expression::datum::Datum;
use crate::language::expression::error::EvaluationError;
use crate::language::expression::evaluate::{Evaluated, Evaluation};
use crate::language::expression::node::Node;
use std::rc::Rc;

impl<'v> Evaluation<'v> {
    /// Runs a loop's body for each element, until it has enough.
    fn each(
        &self,
        range: &'v Node,
        mut body: impl FnMut(&Datum<'v>) -> Result<bool, EvaluationError>,
    ) -> Result<(), EvaluationError> {
        let range = self.value(range)?;
        let mut enter = |element: Datum<'v>| {
            self.locals.borrow_mut().push(element.clone());
            let goes_on = body(&element);
            self.locals.borrow_mut().pop();
            goes_on
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

    /// Whether the body is `wanted` for some element. One that is makes the errors of the others not matter.
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

    pub(super) fn count(&self, range: &'v Node, body: &'v Node) -> Result<usize, EvaluationError> {
        let mut count = 0;
        self.each(range, |_| {
            count += usize::from(self.holds(body)?);
            Ok(true)
        })?;
        Ok(count)
    }

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

/// What a loop runs over: a list's elements, a set's, or a map's keys.
fn elements(value: &Value) -> Result<Box<dyn Iterator<Item = Datum<'_>> + '_>, EvaluationError> {
    let text = |text: &String| Datum::Own(Value::S(text.clone()));
    Ok(match value {
        Value::L(list) => Box::new(list.iter().map(Datum::Ref)),
        Value::Ss(set) => Box::new(set.iter().map(text)),
        Value::Ns(set) => Box::new(crate::item::numbers::ascending(set).into_iter().map(|n| Datum::Own(Value::N(n)))),
        Value::Bs(set) => Box::new(set.iter().map(|bytes| Datum::Own(Value::B(bytes.clone())))),
        Value::M(map) => Box::new(map.keys().map(text)),
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
