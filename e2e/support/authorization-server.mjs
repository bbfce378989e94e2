// A real authorization server (oidc-provider) for tests: everybody who comes is Ada and agrees.
// It says where it is on its first line, `{"url": …}`, and ends with its standard input.
// Beside OAuth it has an API, `/api/whoami`, and a count of what it gave and refused, `/_/counts`.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const client = {
  client_id: 'countersign',
  client_secret: 's3cr3t/+ value:1',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  redirect_uris: [process.argv[2] ?? 'http://localhost:8080/oauth/callback'],
  response_types: ['code'],
  token_endpoint_auth_method: process.argv[3] ?? 'client_secret_basic',
}
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(url, {
  clients: [client],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  cookies: { keys: ['test'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    revocation: { enabled: true },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/agree/${interaction.uid}` },
  issueRefreshToken: () => true,
  pkce: { required: () => true, methods: ['S256'] },
  // A refresh token is used once; used again, all that was agreed to is void.
  rotateRefreshToken: true,
  scopes: ['openid', 'offline_access', 'read'],
  ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600 },
})

const counts = { whoami: 0 }
const counted = (name) => (counts[name] = (counts[name] ?? 0) + 1)
provider.on('grant.success', (ctx) => counted(ctx.oidc.params.grant_type))
provider.on('grant.error', (_, error) => counted(`refused_${error.error}`))
provider.on('grant.revoked', () => counted('void'))
provider.on('access_token.destroyed', () => counted('access_token_taken_back'))
provider.on('refresh_token.destroyed', () => counted('refresh_token_taken_back'))

async function agree(request, response) {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } })
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: 'ada', clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

async function whoami(request) {
  counts.whoami += 1
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token))
  return found?.isValid ? [200, { me: found.accountId ?? found.clientId }] : [401, { error: 'invalid_token' }]
}

const answer = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
const own = provider.callback()
server.on('request', (request, response) => {
  const failed = (error) => answer(response, 500, { error: String(error) })
  if (request.url.startsWith('/agree/')) agree(request, response).catch(failed)
  else if (request.url === '/api/whoami') whoami(request).then((told) => answer(response, ...told), failed)
  else if (request.url === '/_/counts') answer(response, 200, counts)
  else own(request, response)
})
console.log(JSON.stringify({ url }))
process.stdin.on('end', () => process.exit(0)).resume()
