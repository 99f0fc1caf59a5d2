import type { BrowserContext } from '@playwright/test';

/** Everything that goes wrong in the pages of a context, but for what a test itself brings about. */
export class Watch {
  private readonly problems: string[] = [];
  private readonly expected: RegExp[] = [];
  private ended = false;

  static async over(context: BrowserContext): Promise<Watch> {
    const watch = new Watch();
    context.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') {
        watch.add(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', error => watch.add(`page error: ${error.error().stack || error.error().message || 'without a word'}`));
    context.on('requestfailed', request => {
      const reason = request.failure()?.errorText;
      // A page that is left takes along what it was asking for.
      if (reason !== 'net::ERR_ABORTED') watch.add(`request failed: ${request.method()} ${request.url()}: ${reason}`);
    });
    context.on('response', response => {
      if (response.status() >= 400) {
        // The server told with what to seal, and got it.
        const again = response.headers()['sixin-sealing'] === undefined ? '' : ', sealed again';
        watch.add(`answer ${response.status()}${again}: ${response.request().method()} ${response.url()}`);
      }
    });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', event => {
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    return watch;
  }

  /** Lets pass what matches, from the beginning on. */
  allow(...expected: RegExp[]): void {
    this.expected.push(...expected);
  }

  /** The server is away for a while, and every attempt to reach it fails. */
  allowOutage(): void {
    this.allow(/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/, /WebSocket connection to/);
    // What was sealed for the server before it was started again is sealed anew.
    this.allow(/answer 400, sealed again/, /status of 400/);
  }

  /** Stops watching. What went wrong until now. */
  end(): string[] {
    this.ended = true;
    return this.problems.filter(problem => !this.expected.some(expected => expected.test(problem)));
  }

  private add(problem: string): void {
    if (!this.ended) this.problems.push(problem);
  }
}
