/** Login and logout. */
import { loginSchema, sessionSchema } from '../../contract/api.js';
import type { Operations } from './api-context.js';

export const sessionOperations: Operations = (scope, { access, clientOf, log }) => {
  scope.get(
    '/session',
    {
      schema: {
        operationId: 'getSession',
        summary: 'Whether the client is the operator',
        response: { 200: sessionSchema },
      },
    },
    async (request) => ({
      operator: (await access.callerOf(clientOf(request.raw)))?.by ?? null,
      password: await access.hasPassword(),
    }),
  );
  scope.post(
    '/session',
    {
      schema: {
        operationId: 'logIn',
        summary: 'Log in with the operator’s password, for twelve hours',
        description: 'The reply sets a cookie. Scripts send a token instead: `Authorization: Bearer …`.',
        body: loginSchema,
      },
      config: { problems: [401, 403, 409, 429, 503] },
    },
    async (request, reply) => {
      const client = clientOf(request.raw);
      const cookie = await access.logIn(client, request.body.password);
      log(`Operator: logged in from ${client.address}`);
      return reply.header('set-cookie', cookie).code(204).send();
    },
  );
  scope.delete(
    '/session',
    { schema: { operationId: 'logOut', summary: 'Log out' }, config: { problems: [403] } },
    (request, reply) =>
      reply
        .header('set-cookie', access.logOut(clientOf(request.raw)))
        .code(204)
        .send(),
  );
};
