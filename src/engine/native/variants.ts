/** Which build of libtensorflow: for the CPU alone, or with CUDA kernels (which also computes on the CPU). */
export type Variant = 'cpu' | 'cuda';

export const variants: readonly Variant[] = ['cpu', 'cuda'];

/** One wheel of the Python package index, pinned by the digest that pip checks. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** What an engine is made of on one architecture. */
export interface Recipe {
  /** The wheel that carries libtensorflow and its headers. */
  readonly tensorflow: Wheel;
  /** oneDNN and its headers, which the fused ops multiply with; none where there is no wheel of it. */
  readonly oneDnn: readonly Wheel[];
  /** The CUDA libraries that libtensorflow opens at run time. */
  readonly nvidia: readonly Wheel[];
  /** The platform tags that pip may choose from; pip compares them literally, so older ones have to be listed. */
  readonly platforms: readonly string[];
  /** Sum of the wheels. */
  readonly downloadMB: number;
}

export const tensorflowVersion = '2.21.0';

const x64Platforms = [
  'manylinux_2_27_x86_64',
  'manylinux_2_25_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux2014_x86_64',
  'manylinux2010_x86_64',
  'manylinux1_x86_64',
];

export const oneDnnVersion = '2023.2.0';

/** The build for GCC's OpenMP, which is the compiler's own; 54 MB unpacked. */
const oneDnn: readonly Wheel[] = [
  {
    name: 'onednn-cpu-gomp',
    version: oneDnnVersion,
    sha256: '2f22a54d6a890ed14bfa185d42a4be65d8b5b1df85dc1f0f3a9abe31620416fb',
  },
  {
    name: 'onednn-devel-cpu-gomp',
    version: oneDnnVersion,
    sha256: '9763c69e8c907e119056bd52ad918ca84ac9ba939d130a99dfa95ccca3e5e284',
  },
];

/** The recipes, by variant and by Node's name of the architecture. All are for Linux with glibc 2.27 or newer. */
const recipes: Record<Variant, Partial<Record<string, Recipe>>> = {
  cpu: {
    x64: {
      tensorflow: {
        name: 'tensorflow-cpu',
        version: tensorflowVersion,
        sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
      },
      oneDnn,
      nvidia: [],
      platforms: x64Platforms,
      downloadMB: 313,
    },
    // There is no tensorflow-cpu for this architecture: its plain wheel is the one without CUDA.
    arm64: {
      tensorflow: {
        name: 'tensorflow',
        version: tensorflowVersion,
        sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
      },
      oneDnn: [],
      nvidia: [],
      platforms: ['manylinux_2_27_aarch64'],
      downloadMB: 282,
    },
  },
  cuda: {
    x64: {
      tensorflow: {
        name: 'tensorflow',
        version: tensorflowVersion,
        sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
      },
      oneDnn,
      nvidia: [
        {
          name: 'nvidia-cublas-cu12',
          version: '12.9.3.13',
          sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
        },
        {
          name: 'nvidia-cuda-cupti-cu12',
          version: '12.9.79',
          sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
        },
        {
          name: 'nvidia-cuda-nvcc-cu12',
          version: '12.9.86',
          sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
        },
        {
          name: 'nvidia-cuda-nvrtc-cu12',
          version: '12.9.86',
          sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
        },
        {
          name: 'nvidia-cuda-runtime-cu12',
          version: '12.9.79',
          sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
        },
        {
          name: 'nvidia-cudnn-cu12',
          version: '9.28.0.42',
          sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
        },
        {
          name: 'nvidia-cufft-cu12',
          version: '11.4.1.4',
          sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
        },
        {
          name: 'nvidia-curand-cu12',
          version: '10.3.10.19',
          sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
        },
        {
          name: 'nvidia-cusolver-cu12',
          version: '11.7.5.82',
          sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
        },
        {
          name: 'nvidia-cusparse-cu12',
          version: '12.5.10.65',
          sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
        },
        {
          name: 'nvidia-nccl-cu12',
          version: '2.32.3',
          sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
        },
        {
          name: 'nvidia-nvjitlink-cu12',
          version: '12.9.86',
          sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
        },
      ],
      platforms: x64Platforms,
      downloadMB: 3429,
    },
  },
};

/** The variant that uses a machine best. */
export function suitedVariant(hasNvidiaDriver: boolean, platform: string, arch: string): Variant {
  return hasNvidiaDriver && recipeOf('cuda', platform, arch) ? 'cuda' : 'cpu';
}

/** The recipe of a variant, or undefined where there is none for the machine. */
export function recipeOf(variant: Variant, platform: string, arch: string): Recipe | undefined {
  return platform === 'linux' ? recipes[variant][arch] : undefined;
}
