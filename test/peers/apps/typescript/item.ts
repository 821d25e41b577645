export interface Item {
  readonly name: string;
  readonly cents: number;
}
