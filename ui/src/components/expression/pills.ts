import { StateEffect, type Extension } from '@codemirror/state'
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import type { Mode } from '@/model/expression/complete'
import { pillsIn, type Pill } from '@/model/expression/pills'
import type { Shape } from '@/model/expression/shape'

/** What names mean has changed: the pills are drawn again. */
export const namesChanged = StateEffect.define<null>()

const SAMPLE_MAX = 18

class PillWidget extends WidgetType {
  constructor(private readonly pill: Pill) {
    super()
  }

  override eq(other: PillWidget): boolean {
    const { path, label, kind, example } = this.pill
    return (
      other.pill.path === path &&
      other.pill.label === label &&
      other.pill.kind === kind &&
      other.pill.example === example
    )
  }

  override toDOM(): HTMLElement {
    const { path, label, kind, example } = this.pill
    const element = document.createElement('span')
    element.className = 'cm-pill'
    element.title = [path, kind, example].filter(Boolean).join(' · ')
    element.textContent = label
    const detail = document.createElement('span')
    detail.className = 'cm-pill-sample'
    detail.textContent = example && example.length <= SAMPLE_MAX ? example : kind
    element.append(' ', detail)
    return element
  }

  override ignoreEvent(): boolean {
    return false
  }
}

function decorated(view: EditorView, mode: Mode, shape: () => Shape): DecorationSet {
  const { main } = view.state.selection
  // What is just being typed stays text, so that names are offered.
  const typing = (pill: Pill) => view.hasFocus && main.empty && main.head > pill.from && main.head < pill.to
  const pending = (pill: Pill) =>
    mode === 'expression' && view.hasFocus && main.empty && main.head === pill.to && main.head === view.state.doc.length
  return Decoration.set(
    pillsIn(view.state.doc.toString(), mode, shape)
      .filter((pill) => !typing(pill) && !pending(pill))
      .map((pill) => Decoration.replace({ widget: new PillWidget(pill) }).range(pill.from, pill.to)),
  )
}

/** Shows the names in a text as pills, which the cursor steps over and Backspace takes out whole. */
export function pills(mode: Mode, shape: () => Shape): Extension {
  return [
    ViewPlugin.fromClass(
      class {
        decorations: DecorationSet
        constructor(view: EditorView) {
          this.decorations = decorated(view, mode, shape)
        }
        update(update: ViewUpdate): void {
          const named = update.transactions.some((one) => one.effects.some((effect) => effect.is(namesChanged)))
          if (named || update.docChanged || update.selectionSet || update.focusChanged)
            this.decorations = decorated(update.view, mode, shape)
        }
      },
      {
        decorations: (plugin) => plugin.decorations,
        provide: (plugin) => EditorView.atomicRanges.of((view) => view.plugin(plugin)?.decorations ?? Decoration.none),
      },
    ),
    EditorView.theme({
      '.cm-pill': {
        display: 'inline-block',
        maxWidth: '100%',
        overflow: 'hidden',
        textOverflow: 'ellipsis',
        verticalAlign: 'bottom',
        fontFamily: 'var(--font-sans)',
        lineHeight: '1.35',
        padding: '0 6px',
        borderRadius: '999px',
        backgroundColor: 'var(--accent-soft)',
        color: 'var(--accent)',
        cursor: 'default',
      },
      '.cm-pill-sample': { color: 'var(--muted)', fontSize: '11px' },
    }),
  ]
}
