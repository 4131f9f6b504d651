"use strict";

// What the page says, in English and 简体中文. English stands in index.html too, for those who have no scripts.
const WORDS = {
  en: {
    picture: "Picture", "picture-alt": "Live picture of the camera", "picture-paused": "The last picture of the camera: it is paused",
    connecting: "connecting", lost: "no connection to mjpegd, trying again",
    pause: "Pause", continue: "Continue", restart: "Restart camera", snapshot: "Snapshot", fullscreen: "Full screen",
    floating: "Picture in picture", now: "Now", camera: "Camera", filter: "Filter", size: "Size", rate: "Pictures a second",
    age: "Age of the picture", viewers: "Viewers", uptime: "Running for", sent: "Sent", settings: "Settings",
    save: "Keep over restarts", undo: "Undo changes", controls: "Camera controls", reset: "Reset", "reset-all": "Reset all",
    addresses: "Addresses", saved: "Kept.", "graph-words": "Pictures a second in the last minute: {least} to {most}",
    "set-camera": "Camera", "any-camera": "any", "set-size": "Size", "set-rate": "Rate (0: all)", "set-quality": "Quality",
    "passed-through": "The camera makes the JPEGs itself; quality counts where they have to be changed.",
    "set-mirror": "Flip horizontally", "set-upside": "Flip vertically", "set-rotate": "Rotate", "set-grey": "Greyscale",
    inactive: "inactive: another control or setting holds it", "read-only": "can only be read", press: "Press", other: "other…",
    "no-camera-help": "Plug a camera in, or choose another one; it is found by itself.",
    days: "{n} d", hours: "{n} h", minutes: "{n} min", seconds: "{n} s",
    state: { online: "online", standby: "standby", idle: "nobody watches", paused: "paused", starting: "starting",
      "no-camera": "no camera", "no-signal": "no signal" },
    filterState: { starting: "starting", running: "running", failed: "failed" },
    control: {},
  },
  zh: {
    picture: "画面", "picture-alt": "摄像头实时画面", "picture-paused": "摄像头的最后一幅画面：已暂停",
    connecting: "正在连接", lost: "与 mjpegd 的连接已断开，正在重试",
    pause: "暂停", continue: "继续", restart: "重启摄像头", snapshot: "拍照", fullscreen: "全屏",
    floating: "画中画", now: "当前状态", camera: "摄像头", filter: "滤镜", size: "尺寸", rate: "每秒帧数",
    age: "画面延迟", viewers: "观看者", uptime: "已运行", sent: "已发送", settings: "设置",
    save: "重启后保留", undo: "撤销更改", controls: "摄像头控制", reset: "重置", "reset-all": "全部重置",
    addresses: "地址", saved: "已保存。", "graph-words": "最近一分钟每秒帧数：{least} 至 {most}",
    "set-camera": "摄像头", "any-camera": "任意", "set-size": "尺寸", "set-rate": "帧率（0：不限）", "set-quality": "质量",
    "passed-through": "JPEG 由摄像头自己生成；质量只用于需要改动的画面。",
    "set-mirror": "水平翻转", "set-upside": "垂直翻转", "set-rotate": "旋转", "set-grey": "灰度",
    inactive: "未启用：由另一项控制或设置决定", "read-only": "只读", press: "执行", other: "其他…",
    "no-camera-help": "请插入摄像头，或选择另一个；插入后会自动识别。",
    days: "{n} 天", hours: "{n} 小时", minutes: "{n} 分", seconds: "{n} 秒",
    state: { online: "在线", standby: "待机", idle: "无人观看", paused: "已暂停", starting: "正在启动",
      "no-camera": "没有摄像头", "no-signal": "没有信号" },
    filterState: { starting: "正在启动", running: "运行中", failed: "出错" },
    // By v4l2-ctl's names, which are the drivers' own.
    control: { brightness: "亮度", contrast: "对比度", saturation: "饱和度", hue: "色调", gamma: "伽马", sharpness: "锐度",
      gain: "增益", white_balance_automatic: "自动白平衡", white_balance_temperature: "白平衡色温",
      white_balance_temperature_auto: "自动白平衡", backlight_compensation: "逆光补偿", power_line_frequency: "电源频率",
      auto_exposure: "自动曝光", exposure_auto: "自动曝光", exposure_time_absolute: "曝光时间", exposure_absolute: "曝光时间",
      exposure_dynamic_framerate: "曝光优先", focus_automatic_continuous: "自动对焦", focus_auto: "自动对焦",
      focus_absolute: "对焦", zoom_absolute: "变焦", pan_absolute: "水平转动", tilt_absolute: "俯仰",
      horizontal_flip: "水平翻转", vertical_flip: "垂直翻转", user_controls: "图像", camera_controls: "镜头" },
  },
};

const LANGUAGE = (navigator.languages || [navigator.language]).some((one) => /^zh/i.test(one))
  && !/^en/i.test(navigator.language) ? "zh" : "en";

// word("minutes", { n: 5 })
function word(name, values = {}) {
  const text = WORDS[LANGUAGE][name] ?? WORDS.en[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

function stateWord(state) {
  return WORDS[LANGUAGE].state[state] ?? state;
}

// What has gone wrong stands there in the daemon's own words.
function filterWord({ state, text }) {
  const said = WORDS[LANGUAGE].filterState[state] ?? state;
  return state === "failed" ? `${said}: ${text}` : said;
}

// A driver's own name, translated where it is one that many have.
function controlWord(key, name) {
  return WORDS[LANGUAGE].control[key] ?? name;
}

document.documentElement.classList.remove("scriptless");
document.documentElement.lang = LANGUAGE === "zh" ? "zh-CN" : "en";
for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
for (const element of document.querySelectorAll("[data-word-alt]")) element.alt = word(element.dataset.wordAlt);
for (const element of document.querySelectorAll("[data-word-label]")) element.ariaLabel = word(element.dataset.wordLabel);
