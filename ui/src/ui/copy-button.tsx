import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button'
import { later } from './later'
import { strings } from './strings'

const SHOWN_MS = 2_000

type State = 'idle' | 'copied' | 'refused'

const WORDS: Record<State, string> = { idle: strings.copy, copied: strings.copied, refused: strings.byHand }

/** Copies a text and says so; where the browser does not let it, it says that instead. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<State>('idle')
  useEffect(() => (state === 'idle' ? undefined : later(() => setState('idle'), SHOWN_MS)), [state])
  const copy = async () => {
    try {
      // Not there on plain http, refused where a policy or a person says so.
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('refused')
    }
  }
  return (
    <Button
      small
      aria-label={state === 'idle' ? label : WORDS[state]}
      icon={state === 'copied' ? <Check size={14} /> : <Copy size={14} />}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{WORDS[state]}</span>
    </Button>
  )
}
