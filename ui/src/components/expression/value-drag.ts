/** How a value that is dragged says which it is; others see it as the text of a template. */
export const VALUE_TYPE = 'application/x-countersign-value'
