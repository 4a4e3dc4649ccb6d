import { useId } from 'preact/hooks';

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (string | { readonly value: string; readonly title: string })[];
  readonly onChange: (value: string) => void;
}

/** A choice of one among several. */
export function Select({ label, value, options, onChange }: SelectProps) {
  const id = useId();
  return (
    <span class="select">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map((option) => {
          const { value: own, title } = typeof option === 'string' ? { value: option, title: option } : option;
          return (
            <option key={own} value={own} selected={own === value}>
              {title}
            </option>
          );
        })}
      </select>
    </span>
  );
}

export interface CheckboxProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Checkbox({ label, checked, onChange }: CheckboxProps) {
  return (
    <label class="checkbox">
      <input type="checkbox" checked={checked} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      {label}
    </label>
  );
}
