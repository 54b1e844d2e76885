// Texts of types, their groups and the stages of sleep.

export const namesTexts = {
  /** Names of types where the server's name is not how people say it. */
  typeNames: {
    spo2: "Blood oxygen",
    vo2_max: "VO₂ max",
    heart_rate_variability: "Heart rate variability",
    walking_running_distance: "Walking + running distance",
    body_mass: "Weight",
    body_mass_index: "Body mass index",
    body_fat_percentage: "Body fat",
    blood_sugar: "Blood glucose",
    daylight: "Time in daylight",
    audio_exposure: "Environmental sound",
    headphone_levels: "Headphone sound",
    sleeping_wrist_temperature: "Wrist temperature asleep",
    basal_energy: "Resting energy",
    blood_pressure_systolic: "Blood pressure, systolic",
    blood_pressure_diastolic: "Blood pressure, diastolic",
    walking_asymmetry_percentage: "Walking asymmetry",
    walking_double_support_percentage: "Double support",
    six_minute_walk_test_distance: "Six-minute walk",
    walking_heart_rate: "Walking heart rate",
    uv_exposure: "UV exposure",
    carbohydrates: "Carbohydrates",
    dietary_fat_total: "Fat",
    forced_expiratory_volume1: "Forced expiratory volume, 1 s",
    sleep: "Sleep",
  } as Record<string, string>,
  groups: {
    activity: "Activity",
    heart: "Heart",
    sleep: "Sleep and mind",
    body: "Body",
    vitals: "Vitals",
    mobility: "Walking and mobility",
    nutrition: "Nutrition",
    hearing: "Hearing and light",
    cycle: "Cycle and reproduction",
    symptoms: "Symptoms",
    other: "Other",
  },
  /** An activity without a name. */
  workout: "Workout",
  pacing: { pace: "Pace", speed: "Speed" },
  inBedFrom: (time: string) => `in bed from ${time}`,
  stages: { deep: "Deep", core: "Core", rem: "REM", awake: "Awake", unspecified: "Asleep", in_bed: "In bed" } as Record<
    string,
    string
  >,
};
