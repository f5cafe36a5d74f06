import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

const ABOUT = `Lists, items and what happened to them, as on the pages.

**Tokens.** \`Authorization: Bearer carrinho_…\`, made on the account page or by \`carrinho token add\`. Scope \`read\` may
GET, scope \`write\` everything. No cookie is set or read.

**Writes** carry \`Idempotency-Key\`: a key chosen before the request is sent. Sent again with the same key, a request is
done once however often it arrives, and answers the same, also when what it was about is gone by then. Another request with that key
is a 422. While the first is still at work, the same request waits for it, two seconds at most; then it is a 409 \`in_progress\` with
\`Retry-After\`. A refused request leaves its key free. A key belongs to the account; it is remembered for a year.

**Versions.** Every write raises its list's \`version\` by one and answers the number of its change. \`changes?since=\` tells what
happened since a version. Lists and items have an \`ETag\`; what would overwrite what somebody else may have changed wants it as \`If-Match\`.

**Limits.** A token's requests are counted by each web server for itself, in the headers \`RateLimit-*\`; one too many is a 429 with \`Retry-After\`.

**Problems** are RFC 9457, in the language of \`Accept-Language\`, with a \`code\` for programs.`

/** The OpenAPI document, made of the schemas of the routes that follow. Returns it, once the application is ready. */
export async function document(scope: FastifyInstance): Promise<() => object> {
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'carrinho',
        version: '1',
        summary: 'Shopping lists',
        description: ABOUT,
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: '/', description: 'Where this document is.' }],
      tags: [
        { name: 'account', description: 'Whom a token acts for.' },
        { name: 'lists', description: 'Lists of the account.' },
        { name: 'items', description: 'Items of a list.' },
        { name: 'pictures', description: 'Pictures of items.' },
        { name: 'shops', description: 'In which order the account goes to shops, and through them.' },
        { name: 'changes', description: 'What happened to a list, and taking it back.' },
        { name: 'suggestions', description: 'What the account buys.' }
      ],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', bearerFormat: 'carrinho_…', description: 'A personal token.' }
        }
      },
      security: [{ token: [] }]
    },
    hideUntagged: true,
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) }
  })
  let text: string | undefined
  scope.get('/openapi.json', (_request, reply) => {
    text ??= JSON.stringify(scope.swagger())
    return reply.type('application/json; charset=utf-8').header('cache-control', 'public, no-cache').send(text)
  })
  return () => scope.swagger()
}
