//! `condition`: the first branch that holds.

use crate::{
    document::{self, Exit, StepId},
    expr::Expression,
    run::{
        BranchValue, CompileError, StepEvent,
        machine::{Flow, Machine},
        phase::Place,
        version,
    },
};

/// A compiled `condition`.
#[derive(Debug)]
pub struct Compiled {
    branches: Vec<(Expression, StepId)>,
    otherwise: StepId,
}

pub(crate) fn compile(step: &document::Condition, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let branches = step.branches.iter().enumerate().map(|(index, branch)| {
        let field = format!("branches/{index}/when");
        Ok((at.expression(&field, Expression::compile(&branch.when))?, branch.next.clone()))
    });
    Ok(Compiled { branches: branches.collect::<Result<_, CompileError>>()?, otherwise: step.otherwise.clone() })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let mut branches = Vec::new();
    let mut taken = (Exit::Otherwise, &step.otherwise);
    for (index, (when, next)) in step.branches.iter().enumerate() {
        match when.truthy(&machine.scope()) {
            Ok((held, value)) => {
                branches.push(BranchValue { when: when.source().to_owned(), value, held });
                if held {
                    taken = (Exit::When(index + 1), next);
                    break;
                }
            }
            Err(error) => return machine.fail_expression(place, when.source(), &error),
        }
    }
    let visit = place.visit;
    machine.step(visit, StepEvent::Evaluated { branches });
    let (exit, next) = taken;
    machine.step(visit, StepEvent::Completed { exit, output: None, set: serde_json::Map::new() });
    Flow::Go(next.clone())
}
