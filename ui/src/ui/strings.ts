/** Words of the primitives, which know nothing of the product. */
export const strings = { copy: 'Copy', close: 'Close' }
