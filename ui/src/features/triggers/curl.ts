import type { Trigger } from '@/model/document'

export type WebhookTrigger = Extract<Trigger, { type: 'webhook' }>

const BODY = `{"order": "1001"}`

/** A word of a shell that is exactly this text. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** The signature of `$BODY`, as the trigger has it, and the header it stands in, as a word of a shell. */
function signed({ hmac = {} }: WebhookTrigger): { line: string; header: string } {
  const algorithm = hmac.algorithm ?? 'sha256'
  const digest = `printf '%s' "$BODY" | openssl dgst -${algorithm} -hmac "$SECRET"`
  const written = hmac.encoding === 'base64' ? `${digest} -binary | openssl base64 -A` : `${digest} -r | cut -d' ' -f1`
  const header = `${quoted(`${hmac.header ?? 'x-signature'}: ${hmac.prefix ?? `${algorithm}=`}`)}"$SIGNATURE"`
  return { line: `SIGNATURE=$(${written})`, header }
}

/** A call to copy; nothing where only the provider can sign it. */
export function curlOf(url: string, trigger: WebhookTrigger): string | null {
  const call = (...headers: string[]) => [
    `curl -X POST ${quoted(url)}`,
    ...[`'content-type: application/json'`, ...headers].map((header) => `  -H ${header}`),
  ]
  const join = (lines: string[], body: string) => [...lines, `  -d ${body}`].join(' \\\n')
  switch (trigger.verify ?? 'none') {
    case 'none':
      return join(call(), `'${BODY}'`)
    case 'shared_secret':
      return join(call(`"x-webhook-secret: $SECRET"`), `'${BODY}'`)
    case 'hmac': {
      const { line, header } = signed(trigger)
      return [`BODY='${BODY}'`, line, join(call(header), '"$BODY"')].join('\n')
    }
    default:
      return null
  }
}
