/** How the controls of forms look. */
export const BOX =
  'w-full rounded-lg border border-line-strong bg-bg px-3 text-text aria-invalid:border-bad disabled:opacity-60'

const isLarge = (context: unknown) => (context as { large?: boolean } | undefined)?.large === true

/** How high they are: for a finger where customers fill them in. */
export const size = (context: unknown) =>
  isLarge(context) ? 'min-h-11 text-base' : 'min-h-8 text-sm !rounded-md !px-2.5'
