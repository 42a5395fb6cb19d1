//! Loops: macros that CEL's parser wrote out as folds. Only those that it writes so exist.

use super::{Translated, Translator};
use crate::language::expression::checking::faults;
use crate::language::expression::node::{Loop, Node};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, operators};

/// How deep loops over lists may nest.
const MAX_LOOPS: usize = 2;

impl Translator<'_> {
    pub(super) fn fold(&mut self, tree: &IdedExpr, fold: &ComprehensionExpr) -> Translated {
        let range = self.boxed(&fold.iter_range);
        let before = self.findings.len();
        if self.bound.len() == MAX_LOOPS {
            self.findings.push(faults::too_many_loops(self.span(tree)));
        }
        if matches!(fold.iter_var.as_str(), "item" | "key" | "element") {
            self.findings.push(faults::shadowed(&fold.iter_var, self.span(tree)));
        }
        let is_sound = before == self.findings.len() && self.bound.len() < MAX_LOOPS;
        self.bound.push(fold.iter_var.clone());
        let kind = self.kind_of_loop(tree, fold);
        self.bound.pop();
        Some(Node::Loop(range?, kind.filter(|_| is_sound)?))
    }

    fn kind_of_loop(&mut self, tree: &IdedExpr, fold: &ComprehensionExpr) -> Option<Loop> {
        let (step, arguments) = match &fold.loop_step.expr {
            Expr::Call(step) => (step.func_name.as_str(), step.args.as_slice()),
            _ => ("", Default::default()),
        };
        match (step, arguments) {
            (operators::LOGICAL_AND, [_, body]) => self.condition(&fold.loop_step, body).map(Loop::All),
            (operators::LOGICAL_OR, [_, body]) => self.condition(&fold.loop_step, body).map(Loop::Exists),
            (operators::ADD, [_, list]) => Some(Loop::Collect { when: None, element: self.collected(tree, list)? }),
            (operators::CONDITIONAL, [body, grown, _]) => match (&fold.accu_init.expr, &grown.expr) {
                (Expr::List(_), Expr::Call(CallExpr { args, .. })) if args.len() == 2 => {
                    let (when, element) = (self.boxed(body), self.collected(tree, &args[1]));
                    Some(Loop::Collect { when: Some(when?), element: element? })
                }
                _ => self.boxed(body).map(Loop::ExistsOne),
            },
            _ => self.fault(faults::unsupported("this loop", self.span(tree))),
        }
    }

    fn collected(&mut self, tree: &IdedExpr, list: &IdedExpr) -> Option<Box<Node>> {
        match &list.expr {
            Expr::List(list) if list.elements.len() == 1 => self.boxed(&list.elements[0]),
            _ => self.fault(faults::unsupported("this loop", self.span(tree))),
        }
    }
}
