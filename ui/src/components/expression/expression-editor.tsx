import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  startCompletion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, keymap, placeholder as placeholderText, tooltips } from '@codemirror/view'
import { useEffect, useImperativeHandle, useRef, type CSSProperties, type Ref } from 'react'
import { completionAt, type Mode } from '@/model/expression/complete'
import { insertion } from '@/model/expression/pills'
import type { Shape } from '@/model/expression/shape'
import { language } from './language'
import { namesChanged, pills } from './pills'
import { VALUE_TYPE } from './value-drag'
import { cx } from '@/ui/cx'

const LOOK = EditorView.theme({
  '&': { fontSize: 'var(--editor-size)', color: 'var(--text)', backgroundColor: 'transparent' },
  '.cm-scroller': { fontFamily: 'var(--editor-font)', lineHeight: '1.5', overflow: 'auto' },
  // Here and not by a class: the editor's own styles stand above the layers of classes.
  '.cm-content': { padding: '6px 0', caretColor: 'var(--text)', minHeight: 'calc(var(--editor-lines) * 1.5em + 12px)' },
  '.cm-line': { padding: '0 10px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--faint)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-soft) !important' },
  '&.cm-focused': { outline: 'none' },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important', outline: 'none' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line-strong)',
    borderRadius: '8px',
    overflow: 'hidden',
    color: 'var(--text)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--font-mono)',
    fontSize: '12px',
    maxHeight: '15em',
    maxWidth: 'min(30rem, 90vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--accent-text)',
  },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', marginLeft: '12px' },
  'li[aria-selected] .cm-completionDetail': { color: 'var(--accent-text)' },
  '.cm-tooltip.cm-completionInfo': { padding: '4px 8px', fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
})

/** Words people read are set as such; what is code as code. */
const PROSE = { '--editor-font': 'var(--font-sans)', '--editor-size': '13px' }
const CODE = { '--editor-font': 'var(--font-mono)', '--editor-size': '12px' }

export type EditorHandle = { insertValue: (path: string) => void }
type ExpressionProblem = { at: number | null; message: string }
type Props = {
  id?: string
  name: string
  labelledBy?: string
  describedBy?: string
  value: string
  mode: Mode
  lines: number
  placeholder?: string
  disabled?: boolean
  shape: () => Shape
  problem?: ExpressionProblem | null
  /** Names are shown as the letters they are written with, in a box that can grow. */
  raw?: boolean
  /** The text is JSON with templates in its strings. */
  json?: boolean
  handle?: Ref<EditorHandle>
  /** Takes the keyboard when it appears, with the cursor there. */
  focusAt?: number | null
  onChange: (value: string) => void
  onFocus?: (focused: boolean) => void
}

function source(mode: Mode, shape: () => Shape) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = completionAt(context.state.doc.toString(), context.pos, mode, shape(), context.explicit)
    if (!found) return null
    return {
      from: found.from,
      validFor: /^[$\w]*$/,
      options: found.options.map((option) => ({
        label: option.label,
        apply: option.insert,
        detail: option.detail,
        info: option.info,
        type: option.kind,
        boost: option.kind === 'function' ? -10 : 0,
      })),
    }
  }
}

/** One line only: what is pasted is joined. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction
  return [
    transaction,
    {
      changes: {
        from: 0,
        to: transaction.newDoc.length,
        insert: transaction.newDoc.toString().replace(/\s*\n\s*/g, ' '),
      },
      sequential: true,
    },
  ]
})

/** After a dot, and after `{{`, the names are offered without being asked for. */
const offerNames = EditorView.updateListener.of((update) => {
  if (!update.docChanged || !update.transactions.some((one) => one.isUserEvent('input'))) return
  const { head } = update.state.selection.main
  const before = update.state.doc.sliceString(Math.max(0, head - 3), head)
  if (/(?:\w\.|\{\{ ?)$/.test(before) && completionStatus(update.state) === null) startCompletion(update.view)
})

const ending = new Compartment()
const pilled = new Compartment()

/** Writes a picked value, at the cursor or where it was dropped. */
function insertValue(view: EditorView, path: string, { mode, json }: Props, at?: number): void {
  const { from, to } = at === undefined ? view.state.selection.main : { from: at, to: at }
  const insert = insertion(view.state.doc.toString(), from, mode, path, json)
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: 'input.pick' })
  view.focus()
}

function dropped(props: () => Props): Extension {
  return EditorView.domEventHandlers({
    drop(event, view) {
      const path = event.dataTransfer?.getData(VALUE_TYPE)
      if (!path || props().disabled) return false
      event.preventDefault()
      const at = view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? view.state.doc.length
      insertValue(view, path, props(), at)
      return true
    },
  })
}

function attributes({ id, name, labelledBy, describedBy, disabled, problem }: Props): Extension {
  const labels = { 'aria-label': name, ...(labelledBy ? { 'aria-labelledby': labelledBy } : {}) }
  return [
    EditorView.contentAttributes.of({
      ...labels,
      ...(id ? { id } : {}),
      ...(describedBy ? { 'aria-describedby': describedBy } : {}),
      'aria-invalid': problem ? 'true' : 'false',
      spellcheck: 'false',
      tabindex: '0',
      ...(disabled ? { 'aria-readonly': 'true' } : {}),
    }),
    EditorState.readOnly.of(disabled ?? false),
    EditorView.editable.of(!disabled),
  ]
}

const shownAs = ({ raw, json, mode, shape }: Props): Extension => (raw || json ? [] : pills(mode, shape))

const keys = (one: boolean): Extension =>
  keymap.of([
    ...completionKeymap,
    ...closeBracketsKeymap,
    ...(one ? [{ key: 'Enter', run: () => true }] : []),
    ...historyKeymap,
    ...defaultKeymap,
  ])

/** A text box for expressions. Tab always goes on to the next field; Ctrl+Space asks for names. */
export default function ExpressionEditor(props: Props) {
  const { value, mode, lines, placeholder, problem } = props
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const latest = useRef(props)
  useEffect(() => {
    latest.current = props
  })
  useEffect(() => {
    if (!host.current) return
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          language(mode),
          LOOK,
          EditorView.lineWrapping,
          ...(lines === 1 ? [oneLine] : []),
          pilled.of(shownAs(latest.current)),
          dropped(() => latest.current),
          autocompletion({
            override: [source(mode, () => latest.current.shape())],
            icons: false,
            activateOnTyping: true,
          }),
          tooltips({ parent: document.body, position: 'fixed' }),
          keys(lines === 1),
          ...(placeholder ? [placeholderText(placeholder)] : []),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              const text = update.state.doc.toString()
              if (text !== latest.current.value) latest.current.onChange(text)
            }
            if (update.focusChanged) latest.current.onFocus?.(update.view.hasFocus)
          }),
          offerNames,
          ending.of(attributes(latest.current)),
        ],
      }),
    })
    view.current = made
    const { focusAt } = latest.current
    if (focusAt != null) {
      made.dispatch({ selection: { anchor: Math.min(focusAt, made.state.doc.length) } })
      made.focus()
    }
    return () => made.destroy()
  }, [mode, lines, placeholder])
  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  const { id, name, labelledBy, describedBy, disabled, raw, shape } = props
  useEffect(() => {
    view.current?.dispatch({ effects: ending.reconfigure(attributes(latest.current)) })
  }, [id, name, labelledBy, describedBy, disabled, problem])
  useEffect(() => {
    view.current?.dispatch({ effects: [pilled.reconfigure(shownAs(latest.current)), namesChanged.of(null)] })
  }, [raw, shape])
  const insert = (path: string) => view.current && insertValue(view.current, path, latest.current)
  useImperativeHandle(props.handle, () => ({ insertValue: insert }), [])
  useEffect(() => {
    const editor = view.current
    if (!editor) return
    const end = editor.state.doc.length
    const at = Math.min(problem?.at ?? 0, end)
    const from = at === end ? Math.max(0, end - 1) : at
    const word = /^(?:\$?\w+|\S)/.exec(editor.state.doc.sliceString(from))?.[0].length ?? 1
    const to = problem?.at == null ? end : Math.min(end, from + word)
    editor.dispatch(
      setDiagnostics(
        editor.state,
        problem && end > 0 ? [{ from, to, severity: 'error', message: problem.message }] : [],
      ),
    )
  }, [problem, value])
  return (
    <div
      ref={host}
      style={
        { '--editor-lines': lines, ...(mode === 'template' && !props.json && !raw ? PROSE : CODE) } as CSSProperties
      }
      className={cx(
        'rounded-md border bg-bg outline-offset-0 focus-within:outline-2 focus-within:outline-accent',
        'hover:border-faint',
        raw ? 'min-h-32 resize-y overflow-auto' : '[&_.cm-editor]:max-h-64',
        problem ? 'border-bad' : 'border-line-strong',
        disabled && 'opacity-60',
      )}
    />
  )
}
