import { expect, type Locator, type Page } from '@playwright/test';
import { say } from './words.ts';

/** What a person finds on the messenger's page, in the language and at the width of the project. */
export class Messenger {
  constructor(readonly page: Page) {}

  /** The list of conversations. A narrow screen shows it while none is open. */
  get list(): Locator {
    return this.page.getByRole('region', { name: say('会话列表') });
  }

  get sessions(): Locator {
    return this.list.getByRole('listitem');
  }

  /** The row of one conversation. */
  session(name: string): Locator {
    return this.sessions.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** The row that stands for the conversations with strangers. */
  get strangers(): Locator {
    return this.page.getByRole('link', { name: say('陌生人消息') });
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get messages(): Locator {
    return this.log.getByRole('article');
  }

  message(text: string): Locator {
    return this.messages.filter({ has: this.page.getByText(text, { exact: true }) });
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: say('输入消息') });
  }

  get menu(): Locator {
    return this.page.getByRole('menu');
  }

  /** Opens the menu of a message or a conversation. */
  async askAbout(item: Locator): Promise<void> {
    await item.click({ button: 'right' });
    await expect(this.menu).toBeVisible();
  }

  /** Chooses from the menu of a message or a conversation. */
  async act(item: Locator, what: string): Promise<void> {
    await this.askAbout(item);
    await this.menu.getByRole('menuitem', { name: what, exact: true }).click();
    await expect(this.menu).toBeHidden();
  }

  /** One pane at a time, as on a phone. */
  get narrow(): boolean {
    return this.page.viewportSize()!.width <= 760;
  }

  /** Goes back to the list where it is a pane of its own. */
  async showList(): Promise<void> {
    if (!this.narrow) return;
    const back = this.page.getByRole('link', { name: say('返回会话列表') });
    await expect(this.list.or(back)).toBeVisible();
    if (await back.isVisible()) await back.click();
    await expect(this.list).toBeVisible();
  }

  async choose(name: string): Promise<void> {
    await this.showList();
    await this.session(name).getByRole('link').click();
    await expect(this.page.getByRole('heading', { level: 2, name })).toBeVisible();
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
  }

  /** How far one's own message has come, in words. */
  mark(text: string, words: string): Locator {
    return this.message(text).getByRole('img', { name: words, exact: true });
  }

  /** The addresses of the messages mounted, from top to bottom. */
  seqs(): Promise<number[]> {
    return this.messages.evaluateAll(rows => rows.map(row => Number(row.getAttribute('data-seq'))));
  }
}
