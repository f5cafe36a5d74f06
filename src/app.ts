import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import type { Config } from './config/config.ts'
import { badRequest, databaseUnavailable } from './errors.ts'
import { accountDataPages } from './features/account-data/pages.ts'
import { accountDataRules } from './features/account-data/rules.ts'
import { accountPage } from './features/accounts/account-page.ts'
import { knownBrowsers } from './features/accounts/known-browser.ts'
import { loginPage } from './features/accounts/login-page.ts'
import { loginThrottle } from './features/accounts/login-throttle.ts'
import { logoutPage } from './features/accounts/logout-page.ts'
import { createPasswords } from './features/accounts/passwords.ts'
import { accountRules } from './features/accounts/rules.ts'
import { signupPage } from './features/accounts/signup-page.ts'
import { apiPage } from './features/api/pages.ts'
import { health } from './features/cluster/health.ts'
import { clusterPage } from './features/cluster/pages.ts'
import { serverPage, whoami } from './features/cluster/server-page.ts'
import { historyApi } from './features/history/api.ts'
import { historyPage } from './features/history/pages.ts'
import { historyRules } from './features/history/rules.ts'
import { indexPage } from './features/home/pages.ts'
import { listActions } from './features/items/actions-page.ts'
import { itemsApi } from './features/items/api.ts'
import { manyItemsApi } from './features/items/api-many.ts'
import { itemPage } from './features/items/item-page.ts'
import { keptBoxes } from './features/items/kept-page.ts'
import { leavingList } from './features/items/leave-page.ts'
import { listPage } from './features/items/pages.ts'
import { cartRules } from './features/items/rules.ts'
import { listsApi } from './features/lists/api.ts'
import { listsPage } from './features/lists/lists-page.ts'
import { movePage } from './features/lists/move-page.ts'
import { listOptionsPage } from './features/lists/options-page.ts'
import { printPage } from './features/lists/print-page.ts'
import { listRules } from './features/lists/rules.ts'
import { picturesApi } from './features/pictures/api.ts'
import { picturesPage } from './features/pictures/pages.ts'
import { pictureRules } from './features/pictures/rules.ts'
import { MAX_SENT_MB } from './features/pictures/schema.ts'
import { searchPage } from './features/search/pages.ts'
import { searchRules } from './features/search/rules.ts'
import { shopsApi } from './features/shops/api.ts'
import { shopsPage } from './features/shops/pages.ts'
import { shopRules } from './features/shops/rules.ts'
import { suggestionsApi } from './features/suggestions/api.ts'
import { suggestionsPage } from './features/suggestions/pages.ts'
import { suggestionRules } from './features/suggestions/rules.ts'
import { accountApi } from './features/tokens/api.ts'
import { tokensPage } from './features/tokens/pages.ts'
import { tokenRules } from './features/tokens/rules.ts'
import type { Files } from './files/files.ts'
import { answerProblem, api, isOfApi } from './http/api/scope.ts'
import { assets, readAssetNames } from './http/assets.ts'
import { csrf } from './http/csrf.ts'
import { answerBarely, errorPages, failureLog } from './http/error-pages.ts'
import { flashes } from './http/flash.ts'
import { floodLog } from './http/flood-log.ts'
import { forms, MAX_BODY_BYTES } from './http/forms.ts'
import { languageChoice } from './http/language-choice.ts'
import { rememberLastList } from './http/last-list.ts'
import { membersOnly } from './http/members.ts'
import { type Metrics, metrics } from './http/metrics.ts'
import { proxies } from './http/proxies.ts'
import { requestIdOf, requestScope } from './http/request-scope.ts'
import { answersAsterisk, pathOf } from './http/request-target.ts'
import { SECURITY_HEADERS } from './http/security-headers.ts'
import { lazySerializers } from './http/serialization.ts'
import { session } from './http/session.ts'
import { signOfLife } from './http/sign-of-life.ts'
import { answerSocketError, refuseTunnels } from './http/socket-errors.ts'
import { uploadRoom } from './http/uploads.ts'
import { views } from './http/views.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Store } from './open-store.ts'

export interface AppParts {
  config: Config
  lifecycle: Lifecycle
  store: Store
  files: Files
  metrics: Metrics
  logger: FastifyServerOptions['logger']
}

const MAX_HEADER_BYTES = 32 * 1024
const MEGABYTE = 1024 * 1024

/** The web application, ready to listen. */
export async function buildApp({
  config,
  lifecycle,
  store,
  files,
  metrics: counters,
  logger
}: AppParts): Promise<FastifyInstance> {
  const { headersMs, requestMs, readMs } = config.clientLimits
  const app: FastifyInstance = Fastify({
    logger: logger ?? false,
    logController: new LogController({ disableRequestLogging: true }), // one line a request, see request-scope.ts
    trustProxy: config.trustProxy.length > 0 ? config.trustProxy : false,
    genReqId: requestIdOf(config.trustProxy),
    bodyLimit: MAX_BODY_BYTES,
    schemaController: lazySerializers,
    requestTimeout: requestMs,
    connectionTimeout: readMs,
    // Node looks each half minute by itself, and so lets clients take that much longer.
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: Math.min(1000, headersMs, requestMs),
      // Browsers send the cookies of every application on a host, whatever its port.
      maxHeaderSize: MAX_HEADER_BYTES
    },
    clientErrorHandler: (error, socket) => answerSocketError(error, socket, atSocket),
    rewriteUrl: pathOf,
    // While closing, requests on open connections are still answered, not refused.
    return503OnClosing: false,
    // A URL that cannot be decoded reaches no hook.
    frameworkErrors(_error, request, reply) {
      reply.headers({ ...SECURITY_HEADERS, 'x-served-by': lifecycle.serverName, 'x-request-id': request.id })
      flood('400 at the URL', () => request.log.info({ status: 400 }, 'refused at the URL'))
      if (isOfApi(request.originalUrl)) answerProblem(badRequest(), request, reply)
      else answerBarely(badRequest(), request, reply)
    }
  })
  const flood = floodLog(app.log)
  const atSocket = { serverName: lifecycle.serverName, log: app.log, flood }
  refuseTunnels(app.server, atSocket)
  app.decorate('flood', flood)
  app.addHook('onClose', async () => flood.flush())

  proxies(app, { config })
  // For programs: no session, no cookies, no pages.
  requestScope(app, { config, lifecycle, store, flood })
  signOfLife(app, { config, lifecycle })
  answersAsterisk(app)
  const noteFailure = failureLog(flood)
  app.setErrorHandler(async (raw, request, reply) => {
    const error = noteFailure(raw, request)
    return reply.status(error.statusCode).headers(error.headers).send({ error: error.code, requestId: request.id })
  })
  health(app, { lifecycle, store })
  whoami(app, { lifecycle, store })
  metrics(app, { config, metrics: counters, lifecycle, store })
  const assetNames = readAssetNames()
  await assets(app, assetNames)

  const passwords = createPasswords()
  const accounts = accountRules(store, passwords, loginThrottle(store), config)
  const suggestions = suggestionRules(store, error =>
    flood('not remembered', () => app.log.warn({ err: error }, 'what was bought could not be remembered'))
  )
  app.addHook('onClose', () => suggestions.settled())
  const shops = shopRules(store, error =>
    flood('not learned', () => app.log.warn({ err: error }, 'the way through a shop could not be learned'))
  )
  app.addHook('onClose', () => shops.settled())
  const carts = cartRules(store, { remember: suggestions.remember, bought: suggestions.bought, walked: shops.walked })
  const lists = listRules(store)
  const pictures = pictureRules(store, files)
  const room = uploadRoom({ bytes: MAX_SENT_MB * MEGABYTE, atATime: 6, ofAccount: 2 })
  const history = historyRules(store)
  const tokens = tokenRules(store, error => app.log.debug({ err: error }, 'the use of a token was not noted'))

  const describeApi = await api(app, {
    config,
    lifecycle,
    tokens,
    flood,
    routes(programs) {
      accountApi(programs)
      itemsApi(programs, { carts, history })
      manyItemsApi(programs, { carts, history })
      picturesApi(programs, { carts, pictures, history, room })
      listsApi(programs, { lists })
      shopsApi(programs, { carts, shops })
      historyApi(programs, { history, carts })
      suggestionsApi(programs, { suggestions })
    }
  })

  // For people.
  await app.register(async site => {
    // No compressed requests: no browser sends a form so, and a bomb could be one.
    await site.register(compress, { threshold: 1024, encodings: ['br', 'gzip'], globalDecompression: false })
    // It sets ours and reads the session library's; our own code reads the rest, as it sees every value of a name.
    await site.register(cookie)
    forms(site)
    flashes(site, { config })
    knownBrowsers(site, { config })
    await views(site, { config, lifecycle, assetNames })
    errorPages(site, { flood })
    // Before anything is read: on another schema even a session may not be what it seems.
    site.addHook('onRequest', (request, _reply, done) => {
      if (!lifecycle.isSchemaFit) {
        request.outage = databaseUnavailable(new Error('this release cannot serve on the schema'))
      }
      done()
    })
    await session(site, { config, store })
    csrf(site, { config })

    indexPage(site)
    loginPage(site, { config, accounts })
    signupPage(site, { config, accounts })
    logoutPage(site)
    languageChoice(site)
    apiPage(site, { describe: describeApi, limit: config.apiLimit })
    serverPage(site, { lifecycle, store })
    if (config.clusterPage) clusterPage(site, { config, lifecycle, store })
    await site.register(async members => {
      membersOnly(members)
      listPage(members, { carts, shops, serverName: lifecycle.serverName })
      listActions(members, { carts, history })
      leavingList(members, { carts })
      keptBoxes(members, { carts })
      itemPage(members, { carts, history, hasPictures: config.files !== undefined })
      await picturesPage(members, { carts, pictures, room })
      suggestionsPage(members, { suggestions, shops })
      shopsPage(members, { shops })
      accountPage(members, { store, accounts, tokens, hasPictures: config.files !== undefined })
      tokensPage(members, { tokens, accounts })
      rememberLastList(members)
      listsPage(members, { lists, carts })
      listOptionsPage(members, { lists })
      movePage(members, { lists, carts })
      printPage(members, { carts })
      historyPage(members, { history, carts, lists, pictures })
      searchPage(members, { search: searchRules(store) })
      accountDataPages(members, { accounts, data: accountDataRules(store) })
    })
  })
  return app
}
