declare module 'unix-crypt-td-js' {
  /** Password as bytes; two characters of salt. */
  export default function unixCryptTD(password: readonly number[], salt: string): string;
}
