import { strings } from '../strings'

/**
 * JSONata's functions a workflow may use, as `crates/core/src/expr/functions.rs` lists them; a golden vector compares
 * the two.
 */
export const FUNCTIONS = strings.functions
